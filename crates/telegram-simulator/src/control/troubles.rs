//! The part of the control API that makes things go wrong: rivals, names, failures, limits, clocks.

use serde_json::{Value, json};

use crate::control::handle::Control;
use crate::control::refused::{Refused, nothing_here, number, read};
use crate::control::requests::{Limits, Resolve, Rival, RivalAction, Skew, Synchronization};
use crate::failures::Failure;
use crate::faults::DeliveryFailure;
use crate::ids::BotId;
use crate::params::Params;

/// Answers a POST.
pub(crate) fn post(control: &Control, segments: &[&str], body: &[u8]) -> Result<Value, Refused> {
    match segments {
        ["rival"] => rival(control, &read(body)?)?,
        ["resolve"] => resolve(control, &read(body)?)?,
        ["failures"] => control.fail(read::<Failure>(body)?),
        ["delivery_failures"] => control.fail_delivery(read::<DeliveryFailure>(body)?),
        ["synchronization_error"] => {
            let lost: Synchronization = read(body)?;
            let date = lost.date.unwrap_or_else(|| control.unix_seconds());
            control.synchronization_error(lost.bot, date)?;
        }
        ["limits"] => control.limit_new_bots(read::<Limits>(body)?.new_bots),
        ["clock"] => control.skew_clock(read::<Skew>(body)?.ahead_seconds),
        _ => return Err(nothing_here()),
    }
    Ok(json!({}))
}

/// Answers a DELETE.
pub(crate) fn delete(
    control: &Control,
    segments: &[&str],
    query: &Params,
) -> Result<Value, Refused> {
    match segments {
        ["failures"] => control.clear_failures(),
        ["delivery_failures"] if query.get("bot").is_empty() => control.heal_delivery(None),
        ["delivery_failures"] => {
            control.heal_delivery(Some(BotId(number(query.get("bot"), "bot")?)));
        }
        _ => return Err(nothing_here()),
    }
    Ok(json!({}))
}

fn rival(control: &Control, rival: &Rival) -> Result<(), Refused> {
    let bot = rival.bot;
    match &rival.action {
        RivalAction::SetWebhook { url } => control.rival_sets_webhook(bot, url)?,
        RivalAction::DeleteWebhook => control.rival_deletes_webhook(bot)?,
        RivalAction::DropSecret => control.rival_drops_secret(bot)?,
        RivalAction::ChangeSecret { secret } => control.rival_changes_secret(bot, secret)?,
        RivalAction::Serverless(it) => control.rival_goes_serverless(bot, it)?,
        RivalAction::Poll => control.rival_polls(bot)?,
        RivalAction::StopPolling => control.rival_stops(bot),
    }
    Ok(())
}

fn resolve(control: &Control, resolve: &Resolve) -> Result<(), Refused> {
    control.resolve(&resolve.host, resolve.resolution())?;
    if let Some(span) = resolve.takes() {
        control.resolve_slowly(&resolve.host, span);
    }
    if resolve.at_once {
        control.look_up_again(&resolve.host);
    }
    Ok(())
}
