//! A test kit: updates in, calls out, and sessions kept between them; no network, no database, no waiting.
//!
//! [`TestBot`] drives a router, or several stages, as the dispatcher would; [`updates`] makes what to send. For one update
//! that needs no memory there are [`drive`] and [`handle`].

mod bot;
mod memory;
pub mod updates;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use serde_json::Value;
use telegram_bot_api::{Call, Envelope};

use crate::{Incoming, Lane, LaneKey, Queued, Seq, Stage, StageError, StageOutcome};

pub use self::bot::{Calls, TestBot};

/// Gives an update to a stage and answers the calls that it wants made.
///
/// # Errors
/// When the stage fails, or this is not an update.
pub async fn drive(stage: &impl Stage, update: impl Into<Value>) -> Result<Vec<Call>, StageError> {
    Ok(handle(stage, update).await?.calls)
}

/// Gives an update to a stage and answers all that it says.
///
/// # Errors
/// When the stage fails, or this is not an update.
pub async fn handle(
    stage: &impl Stage,
    update: impl Into<Value>,
) -> Result<StageOutcome, StageError> {
    let incoming = incoming(update)?;
    stage.handle(&incoming).await
}

/// An update as a stage sees it: the first attempt, of a connection that is always the same. Its sessions are empty.
///
/// # Errors
/// When this is not an update.
pub fn incoming(update: impl Into<Value>) -> Result<Incoming, StageError> {
    read(&update.into(), Seq::new(1), Timestamp::from_unix_seconds(0))
}

fn read(update: &Value, seq: Seq, now: Timestamp) -> Result<Incoming, StageError> {
    let body = Bytes::from(update.to_string());
    let envelope = Envelope::read(&body)?;
    let lane = LaneKey::new(connection(), Lane::of(&envelope));
    let queued = Queued::new(seq, lane, envelope.update_id, envelope.kind, now, body);
    Ok(Incoming::read(&queued)?)
}

fn connection() -> ConnectionId {
    ConnectionId::from_parts(0, [0; 10])
}
