//! An update as operators see it. What people wrote is in it only where it was asked for.

use clock::Timestamp;
use ids::{ConnectionId, ProjectId};
use serde::Serialize;
use serde_json::value::RawValue;
use telegram_bot_api::{UpdateId, UpdateKind};
use update_dispatcher::{Attempt, Lane, Queued, Seq};
use update_inbox::{DeadLetter, Quarantined, Reread};

/// One update.
#[derive(Serialize)]
pub(super) struct Item {
    number: Seq,
    state: &'static str,
    project_id: Option<ProjectId>,
    bot_id: ConnectionId,
    received_at_unix_ms: u64,
    body_bytes: usize,
    #[serde(flatten)]
    update: Option<Update>,
    #[serde(flatten)]
    failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_unix_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

/// What is known of a request that is an update.
#[derive(Serialize)]
struct Update {
    update_id: UpdateId,
    kind: UpdateKind,
    lane: Lane,
    attempts: u32,
    history: Vec<Attempt>,
}

#[derive(Serialize)]
struct Failure {
    cause: String,
    failed_at_unix_ms: u64,
}

/// The body: as it came where it is JSON, else as text.
#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    Json(Box<RawValue>),
    Text(String),
}

/// A page of updates.
#[derive(Serialize)]
pub(super) struct List {
    data: Vec<Item>,
    next_cursor: Option<String>,
}

/// What was done.
#[derive(Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub(super) enum Told {
    AllReplayed {
        updates: usize,
    },
    Discarded {
        number: Seq,
    },
    Replayed {
        number: Seq,
    },
    /// An unreadable request is an update now.
    Read {
        duplicate: bool,
    },
}

impl List {
    /// A page that is full may be followed by another.
    pub(super) fn of(data: Vec<Item>, limit: usize) -> Self {
        let last = data.last().filter(|_| data.len() >= limit);
        Self {
            next_cursor: last.map(|item| item.number.value().to_string()),
            data,
        }
    }
}

impl Item {
    fn new(number: Seq, state: &'static str, bot_id: ConnectionId, received_at: Timestamp) -> Self {
        Self {
            number,
            state,
            project_id: None,
            bot_id,
            received_at_unix_ms: received_at.unix_ms(),
            body_bytes: 0,
            update: None,
            failure: None,
            next_attempt_unix_ms: None,
            reason: None,
            notice: None,
            content: None,
        }
    }

    pub(super) fn bot(&self) -> &ConnectionId {
        &self.bot_id
    }

    pub(super) fn project(&self) -> Option<&ProjectId> {
        self.project_id.as_ref()
    }

    pub(super) fn name_project(&mut self, project: Option<ProjectId>) {
        self.project_id = project;
    }

    pub(super) fn is_unreadable(&self) -> bool {
        self.state == UNREADABLE
    }

    pub(super) fn add_content(&mut self, body: &[u8]) {
        let text = String::from_utf8_lossy(body);
        let json = serde_json::from_str::<Box<RawValue>>(&text);
        self.content = Some(json.map_or_else(|_| Content::Text(text.into_owned()), Content::Json));
        self.notice = Some(PERSONAL);
    }
}

impl From<DeadLetter> for Item {
    fn from(letter: DeadLetter) -> Self {
        let item = Self::new(letter.seq, "failed", letter.connection, letter.received_at);
        Self {
            body_bytes: letter.body_bytes,
            update: Some(Update {
                update_id: letter.update_id,
                kind: letter.kind,
                lane: letter.lane,
                attempts: letter.attempts,
                history: letter.history,
            }),
            failure: Some(Failure {
                cause: letter.cause,
                failed_at_unix_ms: letter.died_at.unix_ms(),
            }),
            reason: Some(letter.reason),
            ..item
        }
    }
}

impl From<Quarantined> for Item {
    fn from(request: Quarantined) -> Self {
        let item = Self::new(
            request.seq,
            UNREADABLE,
            request.connection,
            request.received_at,
        );
        Self {
            body_bytes: request.body_bytes,
            reason: Some(request.reason),
            ..item
        }
    }
}

impl From<&Queued> for Item {
    fn from(queued: &Queued) -> Self {
        let bot = queued.lane.connection.clone();
        let item = Self::new(queued.seq, "waiting", bot, queued.received_at);
        Self {
            body_bytes: queued.body.len(),
            update: Some(Update {
                update_id: queued.update_id,
                kind: queued.kind.clone(),
                lane: queued.lane.lane.clone(),
                attempts: queued.attempts,
                history: queued.history.clone(),
            }),
            next_attempt_unix_ms: queued.not_before.map(Timestamp::unix_ms),
            reason: queued.history.last().map(|last| last.reason.clone()),
            ..item
        }
    }
}

impl Told {
    /// Of a request that can be read.
    pub(super) fn reread(read: &Reread) -> Self {
        Self::Read {
            duplicate: *read == Reread::Duplicate,
        }
    }
}

const UNREADABLE: &str = "unreadable";

const PERSONAL: &str = "content is what people sent to the bot: personal data, to be shown to nobody who need not see it";
