//! What is written before Telegram is told: the record, with the operation that is about to be carried out.

use connection_directory::Connection;
use ids::{ConnectionId, ProjectId};
use telegram_bot_api::BotToken;

use crate::error::Error;
use crate::kill::{self, Moment};
use crate::operation::Operation;
use crate::parts::Parts;
use crate::telegram::Bot;
use crate::{changing, record, sealing};

/// A new record.
pub(crate) async fn connect(
    parts: &Parts,
    project: &ProjectId,
    bot: Bot,
    token: &BotToken,
) -> Result<Connection, Error> {
    let connection = new_record(parts, project, bot, token);
    kill::at(Operation::Connect, Moment::NotBegun);
    let inserted = parts.directory.connection_insert(&connection).await;
    inserted.map_err(changing::taken)?;
    Ok(connection)
}

/// Disconnects the record that is there and reserves the new bot, both or neither. Answers the new record.
pub(crate) async fn replace(
    parts: &Parts,
    there: &mut Connection,
    bot: Bot,
    token: &BotToken,
) -> Result<Connection, Error> {
    let connection = new_record(parts, &there.project, bot, token);
    let now = parts.clock.now();
    kill::at(Operation::Disconnect, Moment::NotBegun);
    kill::at(Operation::Connect, Moment::NotBegun);
    let off = |record: &mut Connection| record::begin_disconnect(record, now);
    changing::replace(parts, there, &connection, off).await?;
    Ok(connection)
}

/// Another registration of a record that is there.
///
/// What is under way with this very token goes on with the registration it has: Telegram may know it already.
pub(crate) async fn again(
    parts: &Parts,
    there: &mut Connection,
    bot: Bot,
    token: &BotToken,
    operation: Operation,
) -> Result<(), Error> {
    let same_token = sealing::has_token(parts, there, token);
    let under_way = record::operation(there).filter(|one| *one != Operation::Disconnect);
    kill::at(operation, Moment::NotBegun);
    changing::change(parts, there, |record| {
        describe(record, bot);
        if same_token && under_way.is_some() {
            record::begin_again(record);
            if under_way == Some(Operation::Renew) {
                // Now somebody asks for it.
                record.operation = Some(operation.as_str().to_owned());
            }
            return;
        }
        // A disconnected bot may come back with the token it had.
        if !same_token {
            sealing::seal_token(parts, record, token);
        }
        record::begin(record, operation, parts.vault.primary());
    })
    .await
}

/// A rotation to a token that Telegram does not accept yet.
pub(crate) async fn rotate_later(
    parts: &Parts,
    there: &mut Connection,
    token: &BotToken,
    why: &Error,
) -> Result<(), Error> {
    kill::at(Operation::Rotate, Moment::NotBegun);
    changing::change(parts, there, |record| {
        sealing::seal_token(parts, record, token);
        record::begin(record, Operation::Rotate, parts.vault.primary());
        record.warning = Some(why.to_string());
    })
    .await
}

/// Another registration that nobody has asked for, of an active record.
pub(crate) async fn renew(parts: &Parts, there: &mut Connection) -> Result<(), Error> {
    kill::at(Operation::Renew, Moment::NotBegun);
    let key = parts.vault.primary();
    changing::change(parts, there, |record| {
        record::begin(record, Operation::Renew, key);
    })
    .await
}

/// The bot of a record that needs no change may have a new name.
pub(crate) async fn rename(parts: &Parts, there: &mut Connection, bot: Bot) -> Result<(), Error> {
    if there.username == bot.username && there.name.as_deref() == Some(&*bot.name) {
        return Ok(());
    }
    changing::change(parts, there, |record| describe(record, bot)).await
}

fn describe(connection: &mut Connection, bot: Bot) {
    connection.username = bot.username;
    connection.name = Some(bot.name);
}

fn new_record(parts: &Parts, project: &ProjectId, bot: Bot, token: &BotToken) -> Connection {
    let now = parts.clock.now();
    let id = ConnectionId::from_parts(now.unix_ms(), parts.entropy.bytes());
    let key = parts.vault.primary();
    let mut connection = Connection::connecting(id, project.clone(), bot.id, key, now);
    describe(&mut connection, bot);
    sealing::seal_token(parts, &mut connection, token);
    record::begin(&mut connection, Operation::Connect, key);
    connection
}
