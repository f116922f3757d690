//! How a record is written, and what is announced with it.

use connection_directory::{Connection, Update};

use crate::error::Error;
use crate::parts::Parts;

/// Changes a record, in the database first: when this fails the copy is what it was.
///
/// Somebody else's write in between means that another operation is under way.
pub(crate) async fn change(
    parts: &Parts,
    connection: &mut Connection,
    change: impl FnOnce(&mut Connection),
) -> Result<(), Error> {
    let mut after = connection.clone();
    change(&mut after);
    match parts.directory.connection_update(&mut after).await {
        Ok(Update::Updated) => {
            *connection = after;
            Ok(())
        }
        Ok(Update::Stale) => Err(Error::Busy),
        Err(error) => Err(taken(error)),
    }
}

/// Disconnects a record and adds the one that takes its place, both or neither.
pub(crate) async fn replace(
    parts: &Parts,
    connection: &mut Connection,
    by: &Connection,
    change: impl FnOnce(&mut Connection),
) -> Result<(), Error> {
    let mut after = connection.clone();
    change(&mut after);
    match parts.directory.connection_replace(&mut after, by).await {
        Ok(Update::Updated) => {
            *connection = after;
            Ok(())
        }
        Ok(Update::Stale) => Err(Error::Busy),
        Err(error) => Err(taken(error)),
    }
}

/// A bot or project that was taken in between is told as such.
pub(crate) fn taken(error: connection_directory::Error) -> Error {
    match error {
        connection_directory::Error::BotTaken => Error::ConnectedElsewhere,
        connection_directory::Error::ProjectTaken => Error::Busy,
        error => Error::Directory(error),
    }
}
