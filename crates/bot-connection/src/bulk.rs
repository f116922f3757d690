//! Many tokens, connected as fast as Telegram takes them.

use std::sync::Arc;
use std::time::Duration;

use connection_directory::Connection;
use futures_util::{Stream, StreamExt as _};
use ids::ProjectId;
use telegram_bot_api::{BotToken, Error as Refusal};

use crate::engine::Engine;
use crate::error::Error;
use crate::plan::Asked;
use crate::view::{Connected, Did};
use crate::{drift_one, put, sealing};

/// What became of one project's token.
#[derive(Debug)]
pub struct BulkItem {
    /// The project.
    pub project: ProjectId,
    /// What was done.
    pub outcome: BulkOutcome,
}

/// What was done with one token of many.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// It is connected with this very token, and was before.
    Already,
    /// It is connected now; or its webhook was mended, or the token rotated: see [`Connected::did`].
    Connected(Box<Connected>),
    /// It will not be connected with this token, or not without a change of the server's settings. The error says why in a sentence.
    Refused(Error),
    /// It could not be connected this time. Given again later, it may; a bot's new token that is not accepted yet is tried again by
    /// itself.
    Later(Error),
}

/// Connects them, several at once, and tells of each as it ends.
pub(crate) fn connect_many(
    engine: &Engine,
    tokens: impl Stream<Item = (ProjectId, BotToken)> + Send,
) -> impl Stream<Item = BulkItem> + Send {
    let engine = Arc::new(engine.unhurried());
    tokens
        .map(move |(project, token)| {
            let engine = Arc::clone(&engine);
            async move {
                let outcome = connect(&engine, &project, &token).await;
                BulkItem { project, outcome }
            }
        })
        .buffer_unordered(AT_ONCE)
}

async fn connect(engine: &Arc<Engine>, project: &ProjectId, token: &BotToken) -> BulkOutcome {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match try_connect(engine, project, token).await {
            Ok(outcome) => return outcome,
            Err(error) => error,
        };
        match (&error, pauses.next()) {
            // It is kept, and tried again without us.
            (Error::TokenNotAcceptedYet, _) => return BulkOutcome::Later(error),
            (_, _) if !may_pass(&error) => return BulkOutcome::Refused(error),
            (Error::TelegramUnavailable(Refusal::Throttled { retry_after, .. }), Some(_)) => {
                // For everybody: whoever is next waits for it, too.
                engine.pacer.stop(*retry_after);
            }
            (_, Some(pause)) => engine.parts.clock.sleep(pause).await,
            (_, None) => return BulkOutcome::Later(error),
        }
    }
}

async fn try_connect(
    engine: &Arc<Engine>,
    project: &ProjectId,
    token: &BotToken,
) -> Result<BulkOutcome, Error> {
    let is_there = |there: &Connection| {
        drift_one::is_settled(there) && sealing::has_token(&engine.parts, there, token)
    };
    if engine
        .existing(project)
        .await?
        .as_ref()
        .is_some_and(is_there)
    {
        return Ok(BulkOutcome::Already);
    }
    engine.pacer.in_bulk(token).await;
    let turn = engine.turn(project)?;
    let (engine, project, token) = (Arc::clone(engine), project.clone(), token.clone());
    // In a task of its own: what was begun is ended even when nobody asks for the stream's next item.
    let work = tokio::spawn(async move {
        let existing = engine.existing(&project).await?;
        put::token(&engine, &turn, &project, existing, &token, Asked::ByToken).await
    });
    let connected = work.await.map_err(Error::Interrupted)??;
    Ok(match connected.did {
        Did::Unchanged => BulkOutcome::Already,
        _ => BulkOutcome::Connected(Box::new(connected)),
    })
}

/// Whether a failure says nothing about the token.
const fn may_pass(error: &Error) -> bool {
    matches!(
        error,
        Error::Busy
            | Error::Directory(_)
            | Error::Interrupted(_)
            | Error::TelegramUnavailable(_)
            | Error::TooManyNewBots { .. }
    )
}

/// How many talk to Telegram at the same time.
const AT_ONCE: usize = 8;
/// Between attempts at one token.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(16),
];
