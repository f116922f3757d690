//! One inspection: what is asked, what is made of it, and what follows.

use std::sync::Arc;
use std::time::Duration;

use bot_connection::{Inspection, TokenAnswer};
use clock::Timestamp;
use connection_directory::{Connection, Status};
use ids::ConnectionId;

use crate::damping::Standing;
use crate::desk::Shown;
use crate::error::{Error, Result};
use crate::figures::count;
use crate::looked::{Judged, Looked};
use crate::signal::Cause;
use crate::verdict::facts::{Facts, ShownUrl, Token};
use crate::verdict::{Decision, VerdictCode, decide};
use crate::watch::Watch;
use crate::{observe, settle, table};

/// Inspects a connection, or shares the inspection that is under way. Answers too whether it is this one's own.
pub(crate) async fn look(
    watch: &Arc<Watch>,
    id: &ConnectionId,
    cause: Cause,
) -> (Arc<Looked>, bool) {
    let (flight, is_own) = watch.flights.join(id.to_bits(), || {
        let (watch, id) = (Arc::clone(watch), id.clone());
        async move { alone(watch, id, cause).await }
    });
    (flight.await, is_own)
}

async fn alone(watch: Arc<Watch>, id: ConnectionId, cause: Cause) -> Looked {
    // It is never closed.
    let _place = watch.places.acquire().await;
    let looked = match inspect_and_settle(&watch, &id, cause).await {
        Ok(looked) => looked,
        Err(error) => {
            tracing::warn!(
                connection = %id,
                cause = cause.as_str(),
                error = &error as &dyn std::error::Error,
                "a bot could not be inspected"
            );
            Looked::Failed(Arc::new(error))
        }
    };
    watch.counters.inspected(cause, looked.outcome());
    looked
}

async fn inspect_and_settle(watch: &Arc<Watch>, id: &ConnectionId, cause: Cause) -> Result<Looked> {
    let Some(before) = watch.parts.directory.connection_find(id).await? else {
        return Ok(Looked::Moot);
    };
    match before.status {
        Status::Connecting => return Ok(Looked::Moot),
        Status::Disconnected => {
            let facts = observe::known(watch, &before);
            return judge(watch, &before, &facts).await;
        }
        Status::Active => {}
    }
    let standing = standing(watch, id).await?;
    let Some((record, facts)) = observe_active(watch, &before, standing.as_ref()).await? else {
        return Ok(Looked::Unsettled);
    };
    if !came_back(&facts, standing.as_ref(), cause) {
        return judge(watch, &record, &facts).await;
    }
    if !heal(watch, &record).await? {
        return Ok(Looked::Unsettled);
    }
    let now = watch
        .parts
        .directory
        .connection_find(id)
        .await?
        .unwrap_or(record);
    // Whatever that came to, what Telegram shows now is what counts.
    match observe_active(watch, &now, standing.as_ref()).await? {
        Some((record, facts)) => judge(watch, &record, &facts).await,
        None => Ok(Looked::Unsettled),
    }
}

/// Registers a bot anew that came back, unasked; `false` when that did not come to an end, and is to be tried again.
async fn heal(watch: &Watch, record: &Connection) -> Result<bool> {
    use bot_connection::{Error as Failure, Healed};
    let connection = &record.id;
    match watch.parts.connections.heal(connection).await {
        Ok(Healed::Registered) => {
            count(&watch.counters.healed);
            tracing::info!(
                %connection,
                project = %record.project,
                "a bot whose token had been refused works again: its webhook is registered anew"
            );
            Ok(true)
        }
        Ok(Healed::LeftAlone(_)) => Ok(true),
        // Whoever refuses for good is shown by what Telegram shows next.
        Err(
            Failure::WebhookRefused { .. }
            | Failure::WebhookTakenOver { .. }
            | Failure::TokenNotValid,
        ) => Ok(true),
        Err(error @ (Failure::Directory(_) | Failure::Sealed)) => Err(Error::Inspection(error)),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::info!(%connection, error, "a bot that works again could not be registered anew yet");
            Ok(false)
        }
    }
}

/// Asks Telegram; `None` when the connection was changed meanwhile, so that its answers are about nothing.
async fn observe_active(
    watch: &Watch,
    before: &Connection,
    standing: Option<&Standing>,
) -> Result<Option<(Connection, Facts)>> {
    let parts = &watch.parts;
    let asked = parts.connections.inspect(&before.id);
    let inspection = match parts.clock.timeout(LONGEST, asked).await {
        Ok(Ok(inspection)) => inspection,
        Ok(Err(bot_connection::Error::NoConnection(_))) => return Ok(None),
        Ok(Err(bot_connection::Error::Sealed)) => unasked(watch, before, TokenAnswer::NoToken),
        Ok(Err(error)) => return Err(Error::Inspection(error)),
        Err(elapsed) => {
            let why = format!("no answer came: {elapsed}");
            unasked(watch, before, TokenAnswer::Unavailable { why })
        }
    };
    if failed_lately(&inspection) {
        watch
            .endpoint
            .refresh_unless_busy(parts, ENDPOINT_AGE)
            .await;
    }
    let after = parts.directory.connection_find(&before.id).await?;
    let after = after.filter(|after| is_settled(watch, before, after));
    Ok(after.map(|after| {
        let facts = observe::seen(watch, &after, standing, inspection);
        (after, facts)
    }))
}

fn unasked(watch: &Watch, record: &Connection, token: TokenAnswer) -> Inspection {
    let public_url = watch.parts.public_url.as_ref();
    Inspection {
        at: watch.parts.clock.now(),
        status: record.status,
        telegram_bot_id: record.telegram_bot_id,
        project: record.project.clone(),
        public_host: public_url.map(|url| url.host().to_owned()),
        token,
        webhook: None,
    }
}

/// Whether our own side should be looked at too.
fn failed_lately(inspection: &Inspection) -> bool {
    let shown = inspection.webhook.as_ref();
    shown
        .and_then(|shown| shown.last_error.as_ref())
        .is_some_and(|(at, _)| inspection.at.since(*at) < LATELY)
}

/// Whether what was seen between two looks at the record is about the record: it was active all the time, and no change of
/// it is under way, or one that has been waiting for Telegram for long.
fn is_settled(watch: &Watch, before: &Connection, after: &Connection) -> bool {
    let waits = watch.parts.clock.now().since(after.updated_at) > WAITS;
    after.version == before.version
        && after.status == Status::Active
        && (after.operation.is_none() || waits)
}

/// Whether the token works again after it was refused, and nobody has set a webhook since: the bot was disabled and enabled, and
/// Telegram has forgotten us. A webhook that is gone without that was taken away by somebody, who is not fought.
fn came_back(facts: &Facts, standing: Option<&Standing>, cause: Cause) -> bool {
    let unauthorized = |code| code == VerdictCode::TelegramApiUnauthorized;
    let was_refused = standing.is_some_and(|standing| {
        let waiting = standing.waiting.is_some_and(|(code, _)| unauthorized(code));
        unauthorized(standing.told) || waiting
    });
    let is_empty = facts
        .webhook
        .as_ref()
        .is_some_and(|webhook| webhook.url == ShownUrl::Empty);
    facts.token == Token::Works && is_empty && (was_refused || cause == Cause::TokenRefused)
}

async fn judge(watch: &Arc<Watch>, record: &Connection, facts: &Facts) -> Result<Looked> {
    let mut decision = decide(facts);
    let unanswered = unanswered(facts);
    if unanswered.is_some() && watch.is_dead(&record.id) {
        decision = less_than_known(decision);
    }
    let settled = settle::settle(watch, record, &decision, facts.now).await?;
    let due = settled.row.standing()?.due(facts.now);
    let shown = match (settled.change, due, unanswered) {
        (Some(_), _, _) => Shown::New,
        // Whether a dead token works again is asked within a budget, and that Telegram does not answer is no reason to ask beside it.
        (None, _, Some(_)) if watch.is_dead(&record.id) => Shown::Same,
        // What waits is told when it is seen again at its time.
        (None, Some(due), _) => Shown::LookAgain(due.since(facts.now).clamp(SOON, RARELY)),
        (None, None, unanswered) => unanswered.map_or(Shown::Same, Shown::LookAgain),
    };
    Ok(Looked::Judged(Box::new(Judged {
        decision,
        row: settled.row,
        shown,
    })))
}

/// Of a bot whose token is known to be dead it is no news that Telegram does not answer: the token stays dead, and within its budget.
fn less_than_known(decision: Decision) -> Decision {
    match decision {
        Decision::News(verdict) if NO_ANSWER.contains(&verdict.code) => Decision::NoNews {
            sentence: verdict.sentence,
            evidence: verdict.evidence,
        },
        decision => decision,
    }
}

const NO_ANSWER: [VerdictCode; 2] = [
    VerdictCode::TelegramRateLimited,
    VerdictCode::TelegramUnavailable,
];

/// How long to leave Telegram alone that has not answered about the bot.
fn unanswered(facts: &Facts) -> Option<Duration> {
    let since = |since: Option<Timestamp>| since.map_or(SOON, |since| facts.now.since(since));
    match &facts.token {
        Token::RateLimited {
            retry_after,
            since: began,
        } => Some(since(*began).max(*retry_after).clamp(SOON, RARELY)),
        Token::ServerNotAllowed => Some(RARELY),
        Token::Unavailable { since: began, .. } => Some(since(*began).clamp(SOON, RARELY)),
        _ => None,
    }
}

async fn standing(watch: &Watch, id: &ConnectionId) -> Result<Option<Standing>> {
    let mut link = watch.parts.database.connect().await?;
    let row = table::find(&mut link, id).await?;
    row.map(|row| row.standing()).transpose()
}

/// The calls of one inspection together.
const LONGEST: Duration = Duration::from_secs(20);

/// How old a look at our own side may be when bots fail.
pub(crate) const ENDPOINT_AGE: Duration = Duration::from_secs(30);

const LATELY: Duration = Duration::from_secs(600);

/// How long a change of a connection is let alone.
const WAITS: Duration = Duration::from_secs(60);

const SOON: Duration = Duration::from_secs(5);
const RARELY: Duration = Duration::from_secs(600);
