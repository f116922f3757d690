//! A pasted token, from what is known of it to what was done with it.

use std::sync::Arc;
use std::time::Duration;

use connection_directory::Connection;
use ids::ProjectId;
use telegram_bot_api::BotToken;

use crate::engine::{Engine, ProjectTurn};
use crate::error::{Error, Warning};
use crate::operation::Operation;
use crate::parts::Parts;
use crate::plan::Plan;
use crate::telegram::{self, Bot};
use crate::view::{BotView, Connected, Did};
use crate::{address, disconnect, facts, plan, prepare, record, sealing};

/// Does with a token what is to be done.
pub(crate) async fn token(
    engine: &Arc<Engine>,
    turn: &ProjectTurn,
    project: &ProjectId,
    existing: Option<Connection>,
    token: &BotToken,
) -> Result<Connected, Error> {
    let Engine { parts, config, .. } = &**engine;
    let (base, doubt) = address::usable(config, &parts.clock).await?;
    let bot = identify(parts, existing.as_ref(), token).await?;
    let facts = facts::gather(parts, base, project, existing.as_ref(), &bot, token).await?;
    let plan = plan::decide(facts);
    let mut connection = match (plan, existing) {
        (Plan::Refuse, _) => return Err(Error::ConnectedElsewhere),
        (Plan::Nothing, Some(mut there)) => {
            prepare::rename(parts, &mut there, bot).await?;
            return Ok(connected(Did::Unchanged, &there, doubt, Vec::new()));
        }
        (Plan::Replace, Some(mut there)) => {
            let by = prepare::replace(parts, &mut there, bot, token).await?;
            disconnect::switch_off(engine, turn, there).await;
            by
        }
        (Plan::Again(operation), Some(mut there)) => {
            prepare::again(parts, &mut there, bot, token, operation).await?;
            there
        }
        (_, _) => prepare::connect(parts, project, bot, token).await?,
    };
    let operation = record::operation(&connection).unwrap_or(Operation::Connect);
    let warnings = engine
        .register(&mut connection, operation, Some(token))
        .await?;
    let did = done(plan, operation);
    tracing::info!(%project, connection = %connection.id, ?did, "a bot is connected");
    Ok(connected(did, &connection, doubt, warnings))
}

/// What was done is what the record says: it may be an operation that an earlier token began and did not end.
const fn done(plan: Plan, carried_out: Operation) -> Did {
    match (plan, carried_out) {
        (Plan::Replace, _) => Did::Replaced,
        (_, Operation::Reconnect) => Did::Reconnected,
        (_, Operation::Repair) => Did::Repaired,
        (_, Operation::Rotate) => Did::Rotated,
        (_, Operation::Connect | Operation::Disconnect) => Did::Connected,
    }
}

fn connected(
    did: Did,
    connection: &Connection,
    doubt: Option<Warning>,
    warnings: Vec<Warning>,
) -> Connected {
    Connected {
        did,
        view: BotView::from(connection),
        warnings: doubt.into_iter().chain(warnings).collect(),
    }
}

/// Asks Telegram whose token it is, more than once where the token may be a fresh one of the bot that is there: those are
/// refused for a while after a revoke.
async fn identify(
    parts: &Parts,
    existing: Option<&Connection>,
    token: &BotToken,
) -> Result<Bot, Error> {
    let may_be_fresh = existing.is_some_and(|there| {
        there.telegram_bot_id.value() == token.bot_user_id()
            && !sealing::has_token(parts, there, token)
    });
    for pause in FRESH_PAUSES.iter().filter(|_| may_be_fresh) {
        match telegram::identify(&parts.client, token).await {
            Err(Error::TokenNotValid) => parts.clock.sleep(*pause).await,
            answer => return answer,
        }
    }
    telegram::identify(&parts.client, token).await
}

/// Short enough for a caller who waits two seconds.
const FRESH_PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(800)];
