//! A bot whose updates are to wait, because an operator says so: received as ever, and handled when they are let go on.

use connection_directory::{Connection, Status};
use ids::ProjectId;

use crate::engine::{Engine, ProjectTurn};
use crate::error::Error;

/// Holds what the project's bot receives; answers its record.
pub(crate) async fn hold(
    engine: &Engine,
    _turn: &ProjectTurn,
    project: &ProjectId,
) -> Result<Connection, Error> {
    let (parts, connection) = (&engine.parts, existing(engine, project).await?);
    parts.inbox.hold(&connection.id).await?;
    parts.dispatcher.pause(&connection.id);
    tracing::info!(%project, connection = %connection.id, "a bot's updates wait until they are let go on");
    Ok(connection)
}

/// Lets them go on, the oldest first; answers the record. Those of a disconnected bot go on waiting for a reconnect.
pub(crate) async fn release(
    engine: &Engine,
    _turn: &ProjectTurn,
    project: &ProjectId,
) -> Result<Connection, Error> {
    let (parts, connection) = (&engine.parts, existing(engine, project).await?);
    let passed = parts.inbox.release(&connection.id).await?;
    if let Some(passed) = passed.filter(|_| connection.status != Status::Disconnected) {
        parts.dispatcher.resume(&connection.id, passed);
        tracing::info!(%project, connection = %connection.id, "a bot's updates go on");
    }
    Ok(connection)
}

async fn existing(engine: &Engine, project: &ProjectId) -> Result<Connection, Error> {
    let there = engine.existing(project).await?;
    there.ok_or_else(|| Error::NotFound(project.clone()))
}
