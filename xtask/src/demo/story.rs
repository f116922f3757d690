//! The story, step by step. A step verifies what it tells.

mod attack;
mod bot;
mod change;
mod crash;
mod look;
mod talk;

use anyhow::Result;

use self::bot::DemoBot;
use super::report::step;
use crate::stage::Stage;

/// Tells it from the first step to the last; a step that fails ends it.
pub(crate) fn tell(stage: &mut Stage) -> Result<()> {
    println!("\nA bot's story:");
    let mut bot = DemoBot::new(&stage.telegram)?;
    step("connect", || change::connect(stage, &bot))?;
    step("message", || talk::message(stage, &bot))?;
    step("button", || talk::button(stage, &bot))?;
    step("new member", || talk::new_member(stage, &bot))?;
    step("rotation", || change::rotate(stage, &mut bot))?;
    step("disconnect", || change::disconnect(stage, &bot))?;
    step("reconnect", || change::reconnect(stage, &bot))?;
    step("forged requests", || attack::forge(stage, &bot))?;
    step("kill -9 under load", || crash::crash(stage, &bot))?;
    step("secrets", || look::secrets(stage, &bot))?;
    step("timings", || look::timings(stage, &bot))
}
