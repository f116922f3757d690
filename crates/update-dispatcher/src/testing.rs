//! Driving stages without a network: an update in, calls out.

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use serde_json::Value;
use telegram_bot_api::{Call, Envelope};

use crate::{Incoming, Lane, LaneKey, Queued, Seq, Stage, StageError, StageOutcome};

/// Gives an update to a stage and answers the calls that it wants made.
///
/// # Errors
/// When the stage fails, or this is not an update.
pub async fn drive(stage: &impl Stage, update: Value) -> Result<Vec<Call>, StageError> {
    Ok(handle(stage, update).await?.calls)
}

/// Gives an update to a stage and answers all that it says.
///
/// # Errors
/// When the stage fails, or this is not an update.
pub async fn handle(stage: &impl Stage, update: Value) -> Result<StageOutcome, StageError> {
    let incoming = incoming(update)?;
    stage.handle(&incoming).await
}

/// An update as a stage sees it: the first attempt, of a connection that is always the same.
///
/// # Errors
/// When this is not an update.
pub fn incoming(update: Value) -> Result<Incoming, StageError> {
    let body = Bytes::from(update.to_string());
    let envelope = Envelope::read(&body)?;
    let connection = ConnectionId::from_parts(0, [0; 10]);
    let lane = LaneKey::new(connection, Lane::of(&envelope));
    let (seq, now) = (Seq::new(1), Timestamp::from_unix_seconds(0));
    let queued = Queued::new(seq, lane, envelope.update_id, envelope.kind, now, body);
    Ok(Incoming::read(&queued)?)
}
