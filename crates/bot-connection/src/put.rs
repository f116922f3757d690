//! A pasted token, from what is known of it to what was done with it.

use std::sync::Arc;

use connection_directory::{Connection, Status};
use ids::ProjectId;
use telegram_bot_api::BotToken;

use crate::engine::{Engine, ProjectTurn};
use crate::error::{Error, Warning};
use crate::operation::Operation;
use crate::parts::Parts;
use crate::plan::{Asked, Plan};
use crate::view::{BotView, Connected, Did};
use crate::{address, disconnect, facts, fresh, plan, prepare, record, sealing};

/// Does with a token what is to be done.
pub(crate) async fn token(
    engine: &Arc<Engine>,
    turn: &ProjectTurn,
    project: &ProjectId,
    existing: Option<Connection>,
    token: &BotToken,
    asked: Asked,
) -> Result<Connected, Error> {
    let Engine { parts, config, .. } = &**engine;
    let (base, doubt) = address::usable(config, &parts.clock).await?;
    if !is_in_use(parts, existing.as_ref(), token) {
        let turn = engine.pacer.pasted(project, token).await;
        turn.map_err(|retry_after| Error::TooManyNewBots { retry_after })?;
    }
    let bot = match fresh::identify(parts, existing.as_ref(), token).await {
        Err(Error::TokenNotValid) => return Err(fresh::refused(parts, existing, token).await?),
        answer => answer?,
    };
    let facts = facts::gather(parts, base, project, existing.as_ref(), &bot, token, asked).await?;
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
        (_, Operation::Repair | Operation::Renew) => Did::Repaired,
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

/// Whether a bot works with this token now: then it is no new one to Telegram.
fn is_in_use(parts: &Parts, existing: Option<&Connection>, token: &BotToken) -> bool {
    existing.is_some_and(|there| {
        there.status == Status::Active && sealing::has_token(parts, there, token)
    })
}
