//! The story, step by step. A step verifies what it tells.

mod attack;
mod bot;
mod cast;
mod change;
mod crash;
mod crowd;
mod load;
mod look;
mod mortal;
mod moved;
mod rekeyed;
mod rivals;
mod talk;
mod told;

use std::time::Instant;

use anyhow::Result;

use self::cast::Cast;
use self::rivals::Taken;
use super::report::step;
use crate::stage::Stage;
use crate::stage::events::Events;

/// Tells it from the first step to the last; a step that fails ends it.
pub(crate) fn tell(stage: &mut Stage, events: &Events) -> Result<()> {
    println!("\nA bot's story:");
    let mut cast = Cast::new(&stage.telegram)?;
    let bot = &mut cast.demo;
    step("who hears of bots", || look::hear(stage, events))?;
    step("connect", || change::connect(stage, bot))?;
    step("message", || talk::message(stage, bot))?;
    step("button", || talk::button(stage, bot))?;
    step("new member", || talk::new_member(stage, bot))?;
    step("rotation", || change::rotate(stage, bot))?;
    step("disconnect", || change::disconnect(stage, bot))?;
    step("reconnect", || change::reconnect(stage, bot))?;
    step("forged requests", || attack::forge(stage, bot))?;
    step("other bots", || cast.enter(stage))?;
    step("master key replaced", || {
        rekeyed::replace(stage, &cast, events)
    })?;
    step("moved", || moved::move_all(stage, &cast, events))?;
    trouble(stage, &mut cast, events)?;
    step("kill -9 under load", || crash::crash(stage, &cast.demo))?;
    step("secrets", || look::secrets(stage, &cast, events))?;
    step("timings", || look::timings(stage, &cast.demo))
}

/// What breaks a connection, how it is seen, and how it heals.
fn trouble(stage: &Stage, cast: &mut Cast, events: &Events) -> Result<()> {
    step("rotation under load", || {
        load::rotate(stage, &mut cast.crowded)
    })?;
    step("disabled", || {
        mortal::disabled(stage, &cast.disabled, events)
    })?;
    // It comes back within a minute or so; rivals have their way meanwhile.
    let since = (events.count(), Instant::now());
    let registered = cast.disabled.registrations()?;
    stage.telegram.enable(cast.disabled.id)?;
    let mut taken: Vec<Taken<'_>> = Vec::new();
    step("rival's webhook", || {
        keep(
            &mut taken,
            rivals::overwritten(stage, &cast.overwritten, events)?,
        )
    })?;
    step("rival who polls", || {
        keep(&mut taken, rivals::deleted(stage, &cast.polled, events)?)
    })?;
    step("secret left out", || {
        keep(
            &mut taken,
            rivals::unsecured(stage, &cast.unsecured, events)?,
        )
    })?;
    step("enabled again", || {
        mortal::enabled(stage, &cast.disabled, events, since, registered)
    })?;
    step("rivals not fought", || {
        rivals::reconnected(stage, &taken, events)
    })?;
    step("deleted bot", || {
        mortal::deleted(stage, &cast.deleted, events)
    })?;
    step("events", || cast.told(events))
}

fn keep<'a>(taken: &mut Vec<Taken<'a>>, (told, one): (String, Taken<'a>)) -> Result<String> {
    taken.push(one);
    Ok(told)
}
