//! How a record is written, and what is announced with it: an event is there exactly when the change is.

use std::sync::Arc;

use connection_directory::{Connection, Rider, Status, Update};
use platform_events::{BotEvent, NewEvent};

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
    let before = connection.status;
    let mut after = connection.clone();
    change(&mut after);
    let rider = announcement(parts, before, &after);
    let directory = &parts.directory;
    let written = directory.connection_update_with(&mut after, rider).await;
    ended(parts, written)?;
    *connection = after;
    Ok(())
}

/// Changes a record and adds the one that takes its place, both or neither.
pub(crate) async fn replace(
    parts: &Parts,
    connection: &mut Connection,
    by: &Connection,
    change: impl FnOnce(&mut Connection),
) -> Result<(), Error> {
    let before = connection.status;
    let mut after = connection.clone();
    change(&mut after);
    let rider = announcement(parts, before, &after);
    let directory = &parts.directory;
    let written = directory.connection_replace_with(&mut after, by, rider);
    ended(parts, written.await)?;
    *connection = after;
    Ok(())
}

/// A bot or project that was taken in between is told as such.
pub(crate) fn taken(error: connection_directory::Error) -> Error {
    match error {
        connection_directory::Error::BotTaken => Error::ConnectedElsewhere,
        connection_directory::Error::ProjectTaken => Error::Busy,
        error => Error::Directory(error),
    }
}

/// Whatever came of a write: where its answer was lost, its event may be there all the same.
fn ended(parts: &Parts, written: Result<Update, connection_directory::Error>) -> Result<(), Error> {
    parts.events.wake();
    match written {
        Ok(Update::Updated) => Ok(()),
        Ok(Update::Stale) => Err(Error::Busy),
        Err(error) => Err(taken(error)),
    }
}

/// What is written with a change, because of what the record was before and is after it.
fn announcement(parts: &Parts, before: Status, after: &Connection) -> Option<Rider> {
    let what = event(before, after)?;
    let project = after.project.clone();
    let event = Arc::new(NewEvent { project, what });
    let events = parts.events.clone();
    Some(Arc::new(move |link| {
        let (events, event) = (events.clone(), Arc::clone(&event));
        Box::pin(async move { events.append(link, &event).await })
    }))
}

/// A bot that was never active was not announced, and its end is not either.
fn event(before: Status, after: &Connection) -> Option<BotEvent> {
    let bot = after.id.clone();
    match (before, after.status) {
        (Status::Connecting | Status::Disconnected, Status::Active) => {
            let name = after.username.clone().unwrap_or_default();
            let url = format!("https://t.me/{name}");
            Some(BotEvent::Connected { bot, name, url })
        }
        (Status::Active, Status::Disconnected) => Some(BotEvent::Disconnected { bot }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clock::Timestamp;
    use ids::{ConnectionId, KeyId, TelegramBotId};

    use super::*;

    #[test]
    fn what_is_announced_follows_from_what_the_record_was_and_is() {
        use Status::{Active, Connecting, Disconnected};
        let id = ConnectionId::from_parts(1, [1; 10]);
        let project = "prj_1".parse().unwrap();
        let (bot, key, now) = (
            TelegramBotId::new(1),
            KeyId::new(1),
            Timestamp::from_unix_us(0),
        );
        let mut record = Connection::connecting(id.clone(), project, bot, key, now);
        record.username = Some("helper_bot".to_owned());
        let connected = BotEvent::Connected {
            bot: id.clone(),
            name: "helper_bot".to_owned(),
            url: "https://t.me/helper_bot".to_owned(),
        };
        let disconnected = BotEvent::Disconnected { bot: id };
        for (before, after, announced) in [
            (Connecting, Active, Some(&connected)),
            (Disconnected, Active, Some(&connected)),
            (Active, Disconnected, Some(&disconnected)),
            (Active, Active, None),
            (Connecting, Disconnected, None),
            (Connecting, Connecting, None),
            (Disconnected, Connecting, None),
            (Disconnected, Disconnected, None),
            (Active, Connecting, None),
        ] {
            record.status = after;
            let told = event(before, &record);
            assert_eq!(told.as_ref(), announced, "{before:?} {after:?}");
        }
    }
}
