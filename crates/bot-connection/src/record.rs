//! How each operation changes a record: what is written before Telegram is told, and what after. Nothing here waits or asks.

use std::time::Duration;

use clock::Timestamp;
use connection_directory::{Connection, Previous, Status};
use ids::KeyId;
use token_vault::SealedToken;
use webhook_secret::Registration;

use crate::kinds;
use crate::operation::{Operation, Step};
use crate::parts::ConnectConfig;

/// How long the registration before stays good, once Telegram has shown the new one: a request may be under way.
const GRACE: Duration = Duration::from_secs(600);

/// The operation under way, if it is one that this version knows.
pub(crate) fn operation(record: &Connection) -> Option<Operation> {
    record.operation.as_deref()?.parse().ok()
}

/// Writes down an operation that registers the webhook anew.
pub(crate) fn begin(record: &mut Connection, operation: Operation, key_id: KeyId) {
    record.operation = Some(operation.as_str().to_owned());
    record.step = Step::Begun.as_str().to_owned();
    record.warning = None;
    let before = record.current;
    record.current = Registration {
        generation: before.generation.next(),
        key_id,
    };
    if operation.begins_from_nothing() {
        record.status = Status::Connecting;
        record.previous = None;
    } else {
        record.previous = Some(Previous {
            registration: before,
            accepted_until: None,
        });
    }
}

/// Begins the operation under way once more, with the registration that it has.
pub(crate) fn begin_again(record: &mut Connection) {
    record.step = Step::Begun.as_str().to_owned();
    record.warning = None;
}

/// Puts a new token in the place of the one before, if there is one. Whether Telegram still takes that one nobody has to know: it is not
/// used again.
pub(crate) fn take_token(record: &mut Connection, sealed: SealedToken) {
    if record.sealed_token.replace(sealed).is_some() {
        record.token_version = record.token_version.next();
    }
}

/// How far the operation under way came.
pub(crate) fn step(record: &Connection) -> Step {
    if record.operation.is_none() {
        Step::Confirmed
    } else if record.step == Step::Told.as_str() {
        Step::Told
    } else {
        Step::Begun
    }
}

/// The operation has come to a step.
pub(crate) fn reach(
    record: &mut Connection,
    operation: Operation,
    step: Step,
    config: &ConnectConfig,
    now: Timestamp,
) {
    match step {
        Step::Begun => begin_again(record),
        Step::Told => told(record, config),
        Step::Confirmed if operation == Operation::Disconnect => end(record),
        Step::Confirmed => confirm(record, now),
    }
}

/// Telegram has taken the webhook, as it is registered today.
fn told(record: &mut Connection, config: &ConnectConfig) {
    record.step = Step::Told.as_str().to_owned();
    let base = config.public_url.as_ref();
    record.registered_base_url = base.map(|url| url.as_str().to_owned());
    record.registered_kinds = Some(kinds::comparable(&config.allowed_updates));
    record.registered_max_connections = Some(config.max_connections);
}

/// Telegram has shown our webhook: the operation is over.
fn confirm(record: &mut Connection, now: Timestamp) {
    end(record);
    record.status = Status::Active;
    record.connected_at = Some(now);
    end_previous(record, now);
}

/// The bot is to be left alone from now on; Telegram is still to be told.
pub(crate) fn begin_disconnect(record: &mut Connection, now: Timestamp) {
    record.operation = Some(Operation::Disconnect.as_str().to_owned());
    record.step = Step::Begun.as_str().to_owned();
    record.status = Status::Disconnected;
    record.disconnected_at = Some(now);
    record.warning = None;
}

/// The operation is over.
fn end(record: &mut Connection) {
    record.step = Step::Confirmed.as_str().to_owned();
    record.operation = None;
    record.warning = None;
}

/// The operation has failed for good, and the bot stays what it was.
pub(crate) fn give_up(record: &mut Connection, why: &str, now: Timestamp) {
    record.operation = None;
    record.warning = Some(why.to_owned());
    end_previous(record, now);
}

/// The operation has failed for good, and nothing is left of it: the bot is disconnected.
pub(crate) fn undo(record: &mut Connection, why: &str, now: Timestamp) {
    give_up(record, why, now);
    record.status = Status::Disconnected;
    record.disconnected_at = Some(now);
}

/// From now on the registration before is good for requests that are under way, and no others.
fn end_previous(record: &mut Connection, now: Timestamp) {
    if let Some(previous) = &mut record.previous {
        previous.accepted_until.get_or_insert(now + GRACE);
    }
}
