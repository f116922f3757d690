//! From what is in memory, in the record and in Telegram's answers to the facts that are judged.

use bot_connection::{BotRefusal, Inspection, ShownUrl, TokenAnswer, WebhookShown};
use clock::Timestamp;
use connection_directory::{Connection, Status};
use update_dispatcher::BotSnapshot;

use crate::damping::Standing;
use crate::state::NoAnswer;
use crate::tallies::Streak;
use crate::verdict::VerdictCode;
use crate::verdict::facts::{
    self, Facts, Handlers, Lately, Record, RecordStatus, Requests, Token, Webhook,
};
use crate::watch::Watch;

/// What is known of a connection without asking anybody.
pub(crate) fn known(watch: &Watch, record: &Connection) -> Facts {
    let parts = &watch.parts;
    let offset = parts.client.clock_offset();
    Facts {
        record: of_record(watch, record),
        requests: requests(watch, record),
        handlers: handlers(watch, record),
        endpoint: watch.endpoint.latest(),
        clock_offset_seconds: offset.map(|offset| -offset.ahead_us / 1_000_000),
        ..Facts::new(parts.clock.now())
    }
}

/// The same with what Telegram has answered.
pub(crate) fn seen(
    watch: &Watch,
    record: &Connection,
    standing: Option<&Standing>,
    inspection: Inspection,
) -> Facts {
    Facts {
        now: inspection.at,
        token: token(watch, record, standing, inspection.token, inspection.at),
        webhook: inspection.webhook.map(webhook),
        ..known(watch, record)
    }
}

fn of_record(watch: &Watch, record: &Connection) -> Record {
    let connection = record.id.to_bits();
    let held = watch.parts.connections.is_held(&record.id);
    let mut state = watch.state();
    let held_since = held.then(|| {
        let now = watch.parts.clock.now();
        *state.held.entry(connection).or_insert(now)
    });
    if !held {
        state.held.remove(&connection);
    }
    drop(state);
    let (status, since) = match record.status {
        Status::Connecting => (RecordStatus::Connecting, Some(record.created_at)),
        Status::Active => (RecordStatus::Active, record.connected_at),
        Status::Disconnected => (RecordStatus::Disconnected, record.disconnected_at),
    };
    let today = watch.parts.public_url.as_ref().map(|url| url.as_str());
    let told = record.registered_base_url.as_deref();
    Record {
        status,
        since,
        registered_at: record.connected_at,
        held_since,
        rotating_since: (record.operation.as_deref() == Some(ROTATE)).then_some(record.updated_at),
        // Of records from before it was written down, nobody knows what Telegram was told.
        reregistration_due: today.is_some() && (today != told || record.registered_kinds.is_none()),
    }
}

fn token(
    watch: &Watch,
    record: &Connection,
    standing: Option<&Standing>,
    answer: TokenAnswer,
    now: Timestamp,
) -> Token {
    let connection = record.id.to_bits();
    let since = |how| watch.state().no_answer_since(connection, how, now);
    match answer {
        TokenAnswer::RateLimited { retry_after } => {
            let since = Some(since(NoAnswer::RateLimited));
            return Token::RateLimited { retry_after, since };
        }
        TokenAnswer::Unavailable { why } => {
            let since = Some(since(NoAnswer::Unavailable));
            return Token::Unavailable { why, since };
        }
        _ => {}
    }
    watch.state().no_answer.remove(&connection);
    match answer {
        TokenAnswer::Works => Token::Works,
        TokenAnswer::Unauthorized => {
            let told = standing.filter(|one| one.told == VerdictCode::TelegramApiUnauthorized);
            let since = told.map_or(now, |one| one.told_at);
            Token::Unauthorized { since: Some(since) }
        }
        TokenAnswer::LoggedOut => Token::LoggedOut,
        TokenAnswer::Refused { why, description } => refused(why, description),
        _ => Token::Missing,
    }
}

fn refused(why: BotRefusal, words: String) -> Token {
    match why {
        BotRefusal::Frozen => Token::Frozen,
        BotRefusal::LoggedOut => Token::LoggedOut,
        BotRefusal::ServerMisconfigured => Token::ServerNotAllowed,
        _ => Token::Refused { words },
    }
}

fn webhook(shown: WebhookShown) -> Webhook {
    Webhook {
        url: match shown.url {
            ShownUrl::Ours => facts::ShownUrl::Ours,
            ShownUrl::OursOutdated => facts::ShownUrl::OursOutdated,
            ShownUrl::Empty => facts::ShownUrl::Empty,
            ShownUrl::Elsewhere { host } => facts::ShownUrl::Elsewhere { host },
        },
        pending: shown.pending,
        last_error: shown.last_error,
        synchronization_error: shown.synchronization_error,
        address: shown.address,
        max_connections: shown.max_connections.and_then(|most| most.try_into().ok()),
        missing_kinds: shown.missing_kinds,
        custom_certificate: shown.custom_certificate,
    }
}

fn requests(watch: &Watch, record: &Connection) -> Requests {
    let connection = record.id.to_bits();
    let (now, elapsed) = (watch.parts.clock.now(), watch.parts.clock.elapsed());
    let at = |then| now - elapsed.saturating_sub(then);
    let lately = |(count, last): (u32, _)| Lately {
        count: count.into(),
        last: at(last),
    };
    let mut state = watch.state();
    let refused = state.refusals.lately(connection, elapsed).map(lately);
    Requests {
        last_accepted: state.pulse.last(connection).map(at),
        wrong_secret: state.wrong_secrets.lately(connection, elapsed).map(lately),
        refused: refused.zip(state.refused_why.get(&connection).copied()),
    }
}

fn handlers(watch: &Watch, record: &Connection) -> Handlers {
    let connection = record.id.to_bits();
    let snapshot = watch.parts.dispatcher.snapshot_of(&record.id);
    let (now, elapsed) = (watch.parts.clock.now(), watch.parts.clock.elapsed());
    let state = watch.state();
    let streak = state.streaks.of(connection).cloned();
    let handled = now - elapsed.saturating_sub(state.pulse.last_handled(connection));
    drop(state);
    let trying = snapshot.as_ref().and_then(|bot| Trying::of(bot, handled));
    failures(streak, trying, snapshot.as_ref().and_then(busy_since))
}

fn failures(
    streak: Option<Streak>,
    trying: Option<Trying>,
    busy_since: Option<Timestamp>,
) -> Handlers {
    let dead = u64::from(streak.as_ref().map_or(0, |streak| streak.length));
    let since = streak.as_ref().map(|streak| streak.since);
    let tried = u64::from(trying.as_ref().map_or(0, |trying| trying.attempts));
    Handlers {
        failures_in_row: tried + dead,
        dead_letters_in_row: dead,
        failing_since: since
            .into_iter()
            .chain(trying.as_ref().map(|one| one.since))
            .min(),
        last_failed_at: streak.as_ref().map(|streak| streak.last),
        last_reason: streak
            .map(|one| one.reason)
            .or(trying.and_then(|one| one.reason)),
        busy_since,
    }
}

/// Updates that failed, wait to be tried again, and after which none was handled.
pub(crate) struct Trying {
    pub(crate) attempts: u32,
    since: Timestamp,
    reason: Option<String>,
}

impl Trying {
    pub(crate) fn of(bot: &BotSnapshot, handled: Timestamp) -> Option<Self> {
        let mut found: Option<Self> = None;
        for lane in &bot.lanes {
            let Some(since) = lane.oldest.filter(|oldest| *oldest > handled) else {
                continue;
            };
            for retry in lane.retries.iter().filter(|retry| retry.attempts > 0) {
                let (attempts, reason) = (retry.attempts, retry.reason.clone());
                found = Some(match found {
                    None => Self {
                        attempts,
                        since,
                        reason,
                    },
                    Some(before) => Self {
                        attempts: before.attempts.saturating_add(attempts),
                        since: before.since.min(since),
                        reason: before.reason.or(reason),
                    },
                });
            }
        }
        found
    }
}

/// Since when the update is handled that has been at it longest.
pub(crate) fn busy_since(bot: &BotSnapshot) -> Option<Timestamp> {
    let running = bot.lanes.iter().filter_map(|lane| lane.running.as_ref());
    running.map(|running| running.since).min()
}

/// The operation of a record whose new token waits to be accepted, as bot-connection writes it.
const ROTATE: &str = "rotate";
