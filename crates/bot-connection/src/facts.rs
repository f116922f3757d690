//! Learns what the plan is decided from.

use connection_directory::{Connection, Status};
use ids::ProjectId;
use telegram_bot_api::BotToken;

use crate::error::Error;
use crate::parts::Parts;
use crate::plan::{Asked, Existing, Facts, State};
use crate::public_url::PublicUrl;
use crate::registration::Whose;
use crate::telegram::{self, Bot};
use crate::{registration, sealing};

/// Asks the directory, and Telegram where the webhook may have drifted.
pub(crate) async fn gather(
    parts: &Parts,
    base: &PublicUrl,
    project: &ProjectId,
    existing: Option<&Connection>,
    bot: &Bot,
    token: &BotToken,
    asked: Asked,
) -> Result<Facts, Error> {
    let holder = parts
        .directory
        .connection_of_bot(bot.id)
        .await
        .map_err(Error::Directory)?;
    let taken_elsewhere = holder.is_some_and(|holder| holder.project != *project);
    let Some(there) = existing else {
        return Ok(Facts {
            existing: None,
            taken_elsewhere,
        });
    };
    let same_bot = there.telegram_bot_id == bot.id;
    let same_token = same_bot && sealing::has_token(parts, there, token);
    let state = match there.status {
        Status::Active => State::Active,
        Status::Connecting => State::Connecting,
        Status::Disconnected => State::Disconnected,
    };
    let may_be_ours = asked == Asked::ByToken
        && same_token
        && state == State::Active
        && there.operation.is_none();
    let webhook_is_ours = may_be_ours && {
        let shown = telegram::webhook_url(&parts.client, token).await?;
        registration::whose(parts, Some(base), there, &shown) == Whose::Current
    };
    let existing = Some(Existing {
        state,
        same_bot,
        same_token,
        webhook_is_ours,
    });
    Ok(Facts {
        existing,
        taken_elsewhere,
    })
}
