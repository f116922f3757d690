//! The server is killed while many people tap.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::bot::DemoBot;
use crate::command::random;
use crate::stage::Stage;
use crate::stage::process::eventually;
use crate::stage::simulator::Simulator;

const CHATS: usize = 50;
const PER_SECOND: usize = 200;
const TAPS: usize = 1_200;
const FIRST_CHAT: i64 = 5_000;
const KILLS: u32 = 2;

/// What an answer takes meanwhile: longer than the time between two taps in a chat, so that acknowledged updates wait in
/// the server when it is killed.
const SLOWNESS: Duration = Duration::from_millis(500);

/// Telegram rests between attempts after failures, longer each time.
const RECOVERY: Duration = Duration::from_secs(100);

/// A tap: its number in its chat, and the number of its update.
struct Tap {
    id: String,
    chat: usize,
    update_id: i64,
}

/// Kills the server at random moments; every acknowledged update was answered, and in each chat in order.
pub(crate) fn crash(stage: &mut Stage, bot: &DemoBot) -> Result<String> {
    let (telegram, id) = (stage.telegram, bot.id);
    telegram.slow_down(id, "answerCallbackQuery", SLOWNESS)?;
    let crowd = thread::spawn(move || tap(telegram, id));
    let mut held = Vec::new();
    for _ in 0..KILLS {
        thread::sleep(moment()?);
        held.push(held_by_server(stage, bot)?);
        stage.crash_server()?;
    }
    let taps = crowd.join().map_err(|_| anyhow!("the crowd panicked"))??;
    telegram.speed_up()?;
    ensure!(
        held.iter().all(|count| *count > 0),
        "a kill found nothing to lose: {held:?}"
    );
    settle(stage, bot, &taps)?;
    verify(bot, &taps)?;
    let answers = bot.calls("answerCallbackQuery")?;
    let answers = answers
        .iter()
        .filter(|call| call.parameter("callback_query_id").starts_with("load-"))
        .count();
    Ok(format!(
        "{KILLS} kills while {held:?} updates waited in the server; {} taps in {CHATS} chats, all answered in order, {} answered again",
        taps.len(),
        answers - taps.len()
    ))
}

/// How many updates the server has acknowledged and not answered.
fn held_by_server(stage: &Stage, bot: &DemoBot) -> Result<usize> {
    let acknowledged = stage.telegram.updates(bot.id)?.into_iter();
    let acknowledged = acknowledged.filter(|update| {
        let is_of_crowd = update.chat.is_some_and(|chat| chat >= FIRST_CHAT);
        is_of_crowd && update.acknowledged_us.is_some()
    });
    let answered = bot
        .answered_taps()?
        .into_keys()
        .filter(|id| id.starts_with("load-"));
    Ok(acknowledged.count().saturating_sub(answered.count()))
}

/// Between one and two seconds.
fn moment() -> Result<Duration> {
    let [byte, other] = random()?;
    Ok(Duration::from_millis(
        1_000 + u64::from(u16::from_ne_bytes([byte, other])) % 1_000,
    ))
}

fn tap(telegram: Simulator, bot: i64) -> Result<Vec<Tap>> {
    let began = Instant::now();
    let mut taps = Vec::with_capacity(TAPS);
    for number in 0..TAPS {
        let due = Duration::from_secs(1) * u32::try_from(number)? / u32::try_from(PER_SECOND)?;
        thread::sleep(due.saturating_sub(began.elapsed()));
        let chat = number % CHATS;
        let id = format!("load-{number:05}");
        let update_id = telegram.tap_with_id(bot, FIRST_CHAT + i64::try_from(chat)?, &id)?;
        taps.push(Tap {
            id,
            chat,
            update_id,
        });
    }
    Ok(taps)
}

/// Waits until Telegram has every tap off its hands and the bot has answered each.
fn settle(stage: &Stage, bot: &DemoBot, taps: &[Tap]) -> Result<()> {
    let settled = eventually("every tap acknowledged and answered", RECOVERY, || {
        let (answered, waiting) = (bot.answered_taps()?, waiting(stage, bot)?);
        let is_done =
            |tap: &Tap| answered.contains_key(&tap.id) && !waiting.contains(&tap.update_id);
        Ok(taps.iter().all(is_done).then_some(()))
    });
    settled.or_else(|late| {
        let (answered, waiting) = (bot.answered_taps()?, waiting(stage, bot)?);
        let (still, gone): (Vec<&Tap>, Vec<&Tap>) = taps
            .iter()
            .partition(|tap| waiting.contains(&tap.update_id));
        let lost: Vec<&Tap> = gone
            .into_iter()
            .filter(|tap| !answered.contains_key(&tap.id))
            .collect();
        bail!(
            "{late}; still at Telegram: {}; acknowledged but not answered: {}",
            few(&still),
            few(&lost)
        )
    })
}

/// How many they are, and the first of them.
fn few(taps: &[&Tap]) -> String {
    let names: Vec<&str> = taps.iter().take(5).map(|tap| tap.id.as_str()).collect();
    format!("{} {names:?}", taps.len())
}

/// The updates that Telegram still has.
fn waiting(stage: &Stage, bot: &DemoBot) -> Result<BTreeSet<i64>> {
    let updates = stage.telegram.updates(bot.id)?.into_iter();
    Ok(updates
        .filter(|update| update.acknowledged_us.is_none())
        .map(|update| update.update_id)
        .collect())
}

fn verify(bot: &DemoBot, taps: &[Tap]) -> Result<()> {
    let answered = bot.answered_taps()?;
    let mut last = BTreeMap::new();
    for tap in taps {
        let at = answered
            .get(&tap.id)
            .with_context(|| format!("{} was not answered", tap.id))?;
        let before = last.insert(tap.chat, *at).unwrap_or_default();
        ensure!(
            before <= *at,
            "{} was answered before the tap before it",
            tap.id
        );
    }
    Ok(())
}
