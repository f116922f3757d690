//! A bot's new token, which Telegram may refuse for a while after the one before was revoked (docs/TELEGRAM.md: Tokens).

use std::time::Duration;

use connection_directory::{Connection, Status};
use telegram_bot_api::BotToken;

use crate::error::Error;
use crate::operation::Operation;
use crate::parts::Parts;
use crate::telegram::{self, Bot};
use crate::{prepare, record, sealing};

/// Asks Telegram whose token it is, more than once where it may be a fresh one of the bot that is there.
pub(crate) async fn identify(
    parts: &Parts,
    existing: Option<&Connection>,
    token: &BotToken,
) -> Result<Bot, Error> {
    let may_be_fresh = existing.is_some_and(|there| is_new_token_of(parts, there, token));
    for pause in PAUSES.iter().filter(|_| may_be_fresh) {
        match telegram::identify(&parts.client, token).await {
            Err(Error::TokenNotValid) => parts.clock.sleep(*pause).await,
            answer => return answer,
        }
    }
    telegram::identify(&parts.client, token).await
}

/// What a refused token means for whoever pasted it.
///
/// A new token of an active bot is kept where the one before is refused too: it was revoked, so nothing can be lost any more. It is a
/// rotation then, which is tried again until Telegram accepts the token. Where the one before still works, the new one is no good.
pub(crate) async fn refused(
    parts: &Parts,
    there: Option<Connection>,
    token: &BotToken,
) -> Result<Error, Error> {
    let Some(mut there) = there.filter(|there| there.status == Status::Active) else {
        return Ok(Error::TokenNotValid);
    };
    if is_new_token_of(parts, &there, token) {
        let before = sealing::open_token(parts, &there)?;
        match telegram::identify(&parts.client, &before).await {
            Err(Error::TokenNotValid) => {}
            Ok(_) | Err(_) => return Ok(Error::TokenNotValid),
        }
        let yet = Error::TokenNotAcceptedYet;
        prepare::rotate_later(parts, &mut there, token, &yet).await?;
        tracing::info!(connection = %there.id, "a new token is not accepted yet, and is kept");
        return Ok(yet);
    }
    let waits = sealing::has_token(parts, &there, token)
        && record::operation(&there) == Some(Operation::Rotate);
    Ok(if waits {
        Error::TokenNotAcceptedYet
    } else {
        Error::TokenNotValid
    })
}

fn is_new_token_of(parts: &Parts, there: &Connection, token: &BotToken) -> bool {
    there.telegram_bot_id.value() == token.bot_user_id() && !sealing::has_token(parts, there, token)
}

/// Short enough for a caller who waits two seconds.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(800)];
