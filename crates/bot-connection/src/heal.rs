//! A bot that its owner disabled and enabled again: its token works, and its webhook is gone.

use connection_directory::Connection;
use ids::ConnectionId;

use crate::engine::Engine;
use crate::error::Error;
use crate::inspection::{Inspection, ShownUrl, TokenAnswer};
use crate::operation::Operation;
use crate::{drift_one, inspect, prepare};

/// What became of an attempt to heal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healed {
    /// The webhook is registered again.
    Registered,
    /// Something else was found, or the connection is not an active one: nothing was done.
    LeftAlone(Box<Inspection>),
}

/// Registers once, where the token works and no webhook is set.
pub(crate) async fn heal(engine: &Engine, id: &ConnectionId) -> Result<Healed, Error> {
    let project = find(engine, id).await?.project;
    let _turn = engine.turn(&project)?;
    // Read again: its turn is ours only now.
    let mut connection = find(engine, id).await?;
    let inspection = inspect::of_record(engine, &connection).await?;
    if !drift_one::is_settled(&connection) || !is_empty(&inspection) {
        return Ok(Healed::LeftAlone(Box::new(inspection)));
    }
    prepare::renew(&engine.parts, &mut connection).await?;
    engine
        .register(&mut connection, Operation::Renew, None)
        .await?;
    tracing::info!(connection = %connection.id, "a webhook that was gone is registered again");
    Ok(Healed::Registered)
}

async fn find(engine: &Engine, id: &ConnectionId) -> Result<Connection, Error> {
    let found = engine.parts.directory.connection_find(id).await;
    found
        .map_err(Error::Directory)?
        .ok_or_else(|| Error::NoConnection(id.clone()))
}

fn is_empty(inspection: &Inspection) -> bool {
    let shown = inspection.webhook.as_ref().map(|webhook| &webhook.url);
    inspection.token == TokenAnswer::Works && shown == Some(&ShownUrl::Empty)
}
