//! The server is killed while many people tap.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};

use super::bot::{DemoBot, SOON};
use super::crowd::{self, CHATS, taps};
use crate::command::random;
use crate::stage::Stage;
use crate::stage::process::eventually;

const TAPS: usize = 1_200;
const KILLS: u32 = 2;

/// What an answer takes meanwhile: longer than the time between two taps in a chat, so that acknowledged updates wait in
/// the server when it is killed.
const SLOWNESS: Duration = Duration::from_millis(500);

/// Kills the server at random moments; every acknowledged update was answered, and in each chat in order.
pub(crate) fn crash(stage: &mut Stage, bot: &DemoBot) -> Result<String> {
    let (telegram, id) = (stage.telegram, bot.id);
    telegram.slow_down(id, "answerCallbackQuery", SLOWNESS)?;
    let people = thread::spawn(move || crowd::act(telegram, id, TAPS, taps));
    let mut held = Vec::new();
    for _ in 0..KILLS {
        thread::sleep(moment()?);
        let waiting = eventually("updates that wait in the server", SOON, || {
            let count = held_by_server(stage, bot)?;
            Ok((count > 0).then_some(count))
        })?;
        held.push(waiting);
        stage.crash_server()?;
    }
    let done = people.join().map_err(|_| anyhow!("the crowd panicked"))??;
    telegram.speed_up()?;
    crowd::settle(&telegram, bot, &done)?;
    let tally = crowd::tally(&telegram, bot, &done)?;
    ensure!(
        tally.lost == 0 && tally.reordered == 0,
        "{} taps were lost, {} answered before the tap before them",
        tally.lost,
        tally.reordered
    );
    Ok(format!(
        "{KILLS} kills while {held:?} updates waited in the server; {} taps in {CHATS} chats, all answered in order, {} answered again",
        done.len(),
        tally.again
    ))
}

/// How many updates the server has acknowledged and not answered.
fn held_by_server(stage: &Stage, bot: &DemoBot) -> Result<usize> {
    let acknowledged = crowd::updates(&stage.telegram, bot)?.into_iter();
    let acknowledged = acknowledged.filter(|update| update.acknowledged_us.is_some());
    let answered = crowd::answered(&stage.telegram, bot)?;
    Ok(acknowledged.count().saturating_sub(answered))
}

/// Between one and two seconds.
fn moment() -> Result<Duration> {
    let [byte, other] = random()?;
    Ok(Duration::from_millis(
        1_000 + u64::from(u16::from_ne_bytes([byte, other])) % 1_000,
    ))
}
