use clock::Timestamp;
use ids::{ConnectionId, KeyId};
use key_rotation::{Holder, KeyStatus, KeyUses, RewrapCursor, RewrapPage, Status, Step};
use serde::Serialize;

use crate::iso8601::Time;

/// How far a rotation is.
#[derive(Serialize)]
pub(super) struct ShownStatus<'a> {
    keys: Vec<ShownKey<'a>>,
    next: ShownStep,
}

#[derive(Serialize)]
struct ShownKey<'a> {
    key: KeyId,
    state: String,
    since: Option<Time>,
    known: bool,
    uses: &'a KeyUses,
    #[serde(skip_serializing_if = "<[Holder]>::is_empty")]
    held_by: &'a [Holder],
}

#[derive(Serialize)]
struct ShownStep {
    #[serde(flatten)]
    step: Step,
    sentence: String,
}

/// What a share of rewrapping came to.
#[derive(Serialize)]
pub(super) struct ShownRewrap<'a> {
    tokens: u64,
    secrets: u64,
    busy: u64,
    unopened_tokens: &'a [ConnectionId],
    unopened_secrets: u64,
    next_cursor: Option<&'a RewrapCursor>,
}

impl<'a> ShownStatus<'a> {
    pub(super) fn of(status: &'a Status) -> Self {
        Self {
            keys: status.keys.iter().map(ShownKey::of).collect(),
            next: ShownStep {
                step: status.next,
                sentence: status.next.to_string(),
            },
        }
    }
}

impl<'a> ShownKey<'a> {
    fn of(key: &'a KeyStatus) -> Self {
        Self {
            key: key.key,
            state: key.state.to_string(),
            since: key.since_us.map(Timestamp::from_unix_us).map(Time),
            known: key.known,
            uses: &key.uses,
            held_by: &key.held_by,
        }
    }
}

impl<'a> ShownRewrap<'a> {
    pub(super) fn of(done: &'a RewrapPage) -> Self {
        Self {
            tokens: done.tokens,
            secrets: done.secrets,
            busy: done.busy,
            unopened_tokens: &done.unopened_tokens,
            unopened_secrets: done.unopened_secrets,
            next_cursor: done.next.as_ref(),
        }
    }
}
