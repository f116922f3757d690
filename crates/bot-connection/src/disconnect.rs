//! A bot that is left alone from now on: off here at once, and Telegram is told as a courtesy.

use std::sync::Arc;
use std::time::Duration;

use connection_directory::{Connection, Status};
use ids::ProjectId;

use crate::engine::{Engine, ProjectTurn};
use crate::error::Error;
use crate::kill::{self, Moment};
use crate::operation::Operation;
use crate::view::BotView;
use crate::{changing, record};

/// Disconnects the project's bot.
pub(crate) async fn project(
    engine: &Arc<Engine>,
    turn: &ProjectTurn,
    project: &ProjectId,
) -> Result<BotView, Error> {
    let parts = &engine.parts;
    let there = engine.existing(project).await?;
    let mut connection = there.ok_or_else(|| Error::NotFound(project.clone()))?;
    if connection.status == Status::Disconnected {
        // Whether anything followed the commit, nobody knows who did not hear of it.
        parts.park(&connection.id);
    } else {
        let now = parts.clock.now();
        kill::at(Operation::Disconnect, Moment::NotBegun);
        let off = |record: &mut Connection| record::begin_disconnect(record, now);
        changing::change(parts, &mut connection, off).await?;
        connection = switch_off(engine, turn, connection).await;
    }
    Ok(BotView::from(&connection))
}

/// What follows once a record says disconnected. Answers the record as far as it came.
///
/// Only the wait is bounded: a call that Telegram may still carry out must not meet the next one about this bot, so the
/// turns end with its answer.
pub(crate) async fn switch_off(
    engine: &Arc<Engine>,
    turn: &ProjectTurn,
    connection: Connection,
) -> Connection {
    engine.parts.park(&connection.id);
    engine.announcer.tell(&connection.id);
    tracing::info!(project = %connection.project, connection = %connection.id, "a bot is disconnected");
    let mut told = connection.clone();
    let (telling, turn) = (Arc::clone(engine), Arc::clone(turn));
    let telling = tokio::spawn(async move {
        telling.withdraw(&mut told).await;
        drop(turn);
        told
    });
    if let Ok(Ok(told)) = engine.parts.clock.timeout(COURTESY, telling).await {
        return told;
    }
    tracing::info!(connection = %connection.id, "Telegram is slow, and a disconnect does not wait for it");
    connection
}

/// How long a disconnect waits for Telegram.
const COURTESY: Duration = Duration::from_secs(2);
