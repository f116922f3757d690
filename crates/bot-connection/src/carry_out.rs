//! Carries an operation out as the machine says: asks, writes, and does with a failure what the table has for it.

use std::time::Duration;

use clock::Timestamp;
use connection_directory::Connection;
use telegram_bot_api::BotToken;

use crate::error::{Error, Warning};
use crate::kill::{self, Moment};
use crate::machine::{self, Becomes, Outcome, Stage};
use crate::operation::Operation;
use crate::pacer::Pacer;
use crate::parts::{ConnectConfig, Parts};
use crate::talk::Talk;
use crate::{changing, record, sealing};

/// An operation that did not come to its end.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Nothing is tried again.
    pub(crate) is_over: bool,
}

/// Carries the record's operation out, from the step that it is at. Without a token, with the record's own.
pub(crate) async fn carry_out(
    parts: &Parts,
    config: &ConnectConfig,
    pacer: &Pacer,
    connection: &mut Connection,
    operation: Operation,
    token: Option<&BotToken>,
) -> Result<Vec<Warning>, Failed> {
    let mut talk = Talk::new(parts, config, pacer);
    while let Some(stage) = machine::stage(operation, record::step(connection)) {
        kill::at(operation, Moment::Written(stage.at));
        let asked = ask_all(&mut talk, stage, connection, operation, token).await;
        let outcome = outcome(parts, connection, &asked);
        match (machine::after(operation, stage.at, outcome), asked) {
            (Becomes::Next, _) | (_, Ok(())) => {
                next(&talk, connection, operation, stage).await?;
            }
            (becomes, Err(error)) => {
                kill::at(operation, Moment::Failing(stage.at));
                let failed = fail(parts, connection, becomes, error).await?;
                kill::at(operation, Moment::Failed(stage.at));
                return Err(failed);
            }
        }
    }
    kill::at(operation, Moment::Written(record::step(connection)));
    Ok(talk.warnings)
}

async fn ask_all(
    talk: &mut Talk<'_>,
    stage: &Stage,
    connection: &Connection,
    operation: Operation,
    token: Option<&BotToken>,
) -> Result<(), Error> {
    let opened;
    let token = match token {
        Some(token) => token,
        None => {
            opened = sealing::open_token(talk.parts, connection)?;
            &opened
        }
    };
    for ask in stage.asks {
        talk.ask(*ask, connection, token).await?;
        kill::at(operation, Moment::Answered(stage.at, *ask));
    }
    Ok(())
}

fn outcome(parts: &Parts, connection: &Connection, asked: &Result<(), Error>) -> Outcome {
    let Err(error) = asked else {
        return Outcome::Done;
    };
    let refused = refused_for(connection, parts.clock.now());
    Outcome::of(error, refused.unwrap_or_default() > FRESH)
}

/// Writes that the stage is done.
async fn next(
    talk: &Talk<'_>,
    connection: &mut Connection,
    operation: Operation,
    stage: &Stage,
) -> Result<(), Failed> {
    let now = talk.parts.clock.now();
    let written = changing::change(talk.parts, connection, |record| {
        record::reach(record, operation, stage.then, talk.config, now);
    });
    written.await.map_err(Failed::unwritten)
}

/// Does with the record what a failure leads to.
async fn fail(
    parts: &Parts,
    connection: &mut Connection,
    becomes: Becomes,
    error: Error,
) -> Result<Failed, Failed> {
    let now = parts.clock.now();
    let is_over = matches!(becomes, Becomes::GivenUp | Becomes::Undone);
    let error = as_told(error, is_over);
    let why = error.to_string();
    let written = match becomes {
        Becomes::Next | Becomes::Stays => Ok(()),
        Becomes::Waits if !tells_more(connection, &error, &why, now) => Ok(()),
        Becomes::Waits => {
            changing::change(parts, connection, |record| record.warning = Some(why)).await
        }
        Becomes::GivenUp => {
            let give_up = |record: &mut Connection| record::give_up(record, &why, now);
            changing::change(parts, connection, give_up).await
        }
        Becomes::Undone => {
            // First, since nothing follows a commit whose answer is lost. After one that failed it is tried again.
            parts.park(&connection.id);
            let undo = |record: &mut Connection| record::undo(record, &why, now);
            changing::change(parts, connection, undo).await
        }
    };
    written.map_err(Failed::unwritten)?;
    Ok(Failed { error, is_over })
}

/// A token that is refused and tried again is one that is not accepted yet.
fn as_told(error: Error, is_over: bool) -> Error {
    match error {
        Error::TokenNotValid if !is_over => Error::TokenNotAcceptedYet,
        Error::TokenNotAcceptedYet if is_over => Error::TokenNotValid,
        error => error,
    }
}

/// For how long Telegram has been refusing the token, if that is what the record says.
///
/// Nothing else is written while it says so, unless Telegram takes the token or somebody pastes it again: both begin anew.
fn refused_for(connection: &Connection, now: Timestamp) -> Option<Duration> {
    let refused = Error::TokenNotAcceptedYet.to_string();
    (connection.warning.as_ref() == Some(&refused)).then(|| now.since(connection.updated_at))
}

/// Whether a failure shall stand in the record instead of what stands there. A Telegram out of reach says nothing about a
/// token that it refused, and must not hide since when.
fn tells_more(connection: &Connection, error: &Error, why: &str, now: Timestamp) -> bool {
    let out_of_reach = Outcome::of(error, false) == Outcome::OutOfReach;
    let hides = out_of_reach && refused_for(connection, now).is_some();
    connection.warning.as_deref() != Some(why) && !hides
}

impl Failed {
    fn unwritten(error: Error) -> Self {
        Self {
            error,
            is_over: false,
        }
    }
}

/// How long a new token of a bot that is connected already may be refused.
const FRESH: Duration = Duration::from_secs(24 * 3_600);
