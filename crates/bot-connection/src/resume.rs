//! Going on with what a crash or an unreachable Telegram left unfinished.

use std::sync::Arc;

use connection_directory::Connection;
use futures_util::{StreamExt as _, stream};
use ids::ConnectionId;

use crate::engine::Engine;
use crate::error::Error;
use crate::operation::Operation;
use crate::record;

/// Goes on with all of them, several at once; answers how many came to their end.
pub(crate) async fn all(engine: &Arc<Engine>) -> Result<usize, Error> {
    let unfinished = engine.parts.directory.connections_unfinished().await;
    let unfinished = unfinished.map_err(Error::Directory)?;
    let due = unfinished
        .into_iter()
        .filter(|found| engine.backoff.is_due(&found.id, &engine.parts.clock))
        .map(|found| carry_on(engine, found));
    let ended = stream::iter(due).buffer_unordered(AT_ONCE);
    Ok(ended
        .filter(|ended| std::future::ready(*ended))
        .count()
        .await)
}

/// In a task of its own: what follows a write must not depend on whether anybody still waits for it.
async fn carry_on(engine: &Arc<Engine>, found: Connection) -> bool {
    let engine = Arc::clone(engine);
    let work = tokio::spawn(async move { one(&engine, found).await });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "going on with an unfinished operation was interrupted");
        false
    })
}

async fn one(engine: &Engine, found: Connection) -> bool {
    let Ok(_turn) = engine.turn(&found.project) else {
        return false;
    };
    let id = &found.id;
    match end(engine, id).await {
        Ok(End::Ended) => true,
        Ok(End::NothingLeft) => {
            // Nobody else would, and the next operation must not wait for it.
            engine.backoff.forget(id);
            false
        }
        Ok(End::Later) => {
            engine.backoff.failed(id, &engine.parts.clock);
            false
        }
        Err(error) => {
            engine.backoff.failed(id, &engine.parts.clock);
            let cause = std::error::Error::source(&error);
            tracing::warn!(connection = %id, %error, cause, "an unfinished operation could not be ended");
            false
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The operation is over.
    Ended,
    /// Telegram is to be told later.
    Later,
    /// Somebody else has ended it in between.
    NothingLeft,
}

async fn end(engine: &Engine, id: &ConnectionId) -> Result<End, Error> {
    let parts = &engine.parts;
    // Read again: its turn is ours only now.
    let found = parts
        .directory
        .connection_find(id)
        .await
        .map_err(Error::Directory)?;
    let Some(mut connection) = found else {
        return Ok(End::NothingLeft);
    };
    if connection.operation.is_none() {
        return Ok(End::NothingLeft);
    }
    // One of a later version is left to that.
    let Some(operation) = record::operation(&connection) else {
        return Ok(End::Later);
    };
    if operation == Operation::Disconnect {
        // Whoever wrote the record may not have come as far.
        parts.park(id);
        let is_over = engine.withdraw(&mut connection).await;
        return Ok(if is_over { End::Ended } else { End::Later });
    }
    let warnings = engine.register(&mut connection, operation, None).await?;
    for warning in warnings {
        tracing::warn!(connection = %id, %warning, "a bot is connected, with a reservation");
    }
    tracing::info!(connection = %id, operation = operation.as_str(), "an unfinished operation is ended");
    Ok(End::Ended)
}

/// How many talk to Telegram at the same time.
const AT_ONCE: usize = 8;
