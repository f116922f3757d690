//! Many people at the same time, and what became of what they did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::bot::DemoBot;
use crate::stage::process::eventually;
use crate::stage::simulator::{Call, Simulator, Update};

pub(crate) const CHATS: usize = 50;
pub(crate) const PER_SECOND: usize = 200;
const FIRST_CHAT: i64 = 5_000;

/// What the names of a crowd's deeds begin with.
const MARK: &str = "load-";

/// Telegram rests between attempts after failures, longer each time.
const RECOVERY: Duration = Duration::from_secs(100);

/// What people do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    /// Somebody taps a button, and sees a spinner until the bot answers: a tap may overtake what has to be tried again.
    Tap,
    /// Somebody writes `/start`. It overtakes nothing.
    Start,
}

/// Something that was done.
pub(crate) struct Done {
    deed: Deed,
    /// Comes back in the bot's answer.
    id: String,
    chat: usize,
    update_id: i64,
}

/// What became of all of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Not answered.
    pub(crate) lost: usize,
    /// Answered before another of its kind and chat that came earlier, and without a right to that.
    pub(crate) reordered: usize,
    /// Taps that overtook what Telegram had refused.
    pub(crate) overtook: usize,
    /// Answers to what was answered before.
    pub(crate) again: usize,
}

/// What the bot has tried to answer.
#[derive(Default)]
struct Answers {
    /// When each was answered first.
    first: BTreeMap<String, u64>,
    /// When the first attempt for each was refused.
    refused: BTreeMap<String, u64>,
    count: usize,
}

/// Only taps.
pub(crate) fn taps(_: usize) -> Deed {
    Deed::Tap
}

/// Taps, and messages in every chat, as many as Telegram lets one bot answer in a second.
pub(crate) fn taps_and_starts(number: usize) -> Deed {
    if (number + number / CHATS).is_multiple_of(8) {
        Deed::Start
    } else {
        Deed::Tap
    }
}

/// Has people do so much, in one chat after the other.
pub(crate) fn act(
    telegram: Simulator,
    bot: i64,
    times: usize,
    what: fn(usize) -> Deed,
) -> Result<Vec<Done>> {
    act_until(telegram, bot, &AtomicUsize::new(times), what)
}

/// The same, and how much it is to be may change meanwhile.
pub(crate) fn act_until(
    telegram: Simulator,
    bot: i64,
    times: &AtomicUsize,
    what: fn(usize) -> Deed,
) -> Result<Vec<Done>> {
    let began = Instant::now();
    let mut done = Vec::new();
    while done.len() < times.load(Ordering::Relaxed) {
        let number = done.len();
        let due = Duration::from_secs(1) * u32::try_from(number)? / u32::try_from(PER_SECOND)?;
        thread::sleep(due.saturating_sub(began.elapsed()));
        let (place, deed, id) = (number % CHATS, what(number), format!("{MARK}{number:05}"));
        let chat = FIRST_CHAT + i64::try_from(place)?;
        let update_id = match deed {
            Deed::Tap => telegram.tap_with_id(bot, chat, &id)?,
            Deed::Start => telegram.start_with_name(bot, chat, &id)?,
        };
        done.push(Done {
            deed,
            id,
            chat: place,
            update_id,
        });
    }
    Ok(done)
}

/// How many of the crowd's updates the bot has answered.
pub(crate) fn answered(telegram: &Simulator, bot: &DemoBot) -> Result<usize> {
    Ok(Answers::of(telegram, bot)?.first.len())
}

/// Waits until Telegram has everything off its hands and the bot has answered each.
pub(crate) fn settle(telegram: &Simulator, bot: &DemoBot, all: &[Done]) -> Result<()> {
    let settled = eventually("everything acknowledged and answered", RECOVERY, || {
        let answers = Answers::of(telegram, bot)?;
        let waiting = waiting(telegram, bot)?;
        let is_settled =
            |it: &Done| answers.first.contains_key(&it.id) && !waiting.contains(&it.update_id);
        Ok(all.iter().all(is_settled).then_some(()))
    });
    settled.or_else(|late| {
        let answers = Answers::of(telegram, bot)?;
        let waiting = waiting(telegram, bot)?;
        let (still, gone): (Vec<&Done>, Vec<&Done>) =
            all.iter().partition(|it| waiting.contains(&it.update_id));
        let lost: Vec<&Done> = gone
            .into_iter()
            .filter(|it| !answers.first.contains_key(&it.id))
            .collect();
        bail!(
            "{late}; still at Telegram: {}; acknowledged but not answered: {}",
            few(&still),
            few(&lost)
        )
    })
}

/// Counts what went wrong, in Telegram's own records.
pub(crate) fn tally(telegram: &Simulator, bot: &DemoBot, all: &[Done]) -> Result<Tally> {
    Ok(tallied(&Answers::of(telegram, bot)?, all))
}

fn tallied(answers: &Answers, all: &[Done]) -> Tally {
    let mut tally = Tally {
        again: answers.count - answers.first.len(),
        ..Tally::default()
    };
    // Telegram itself keeps no order between a chat's messages and its taps.
    let mut earlier: BTreeMap<(usize, Deed), Vec<(&str, u64)>> = BTreeMap::new();
    for it in all {
        let Some(at) = answers.first.get(&it.id).copied() else {
            tally.lost += 1;
            continue;
        };
        let lane = earlier.entry((it.chat, it.deed)).or_default();
        let mut overtaken = lane.iter().filter(|(_, theirs)| *theirs > at).peekable();
        if overtaken.peek().is_some() {
            let had_to_wait = |(id, _): &(&str, u64)| {
                let refused = answers.refused.get(*id);
                refused.is_some_and(|refused| *refused < at)
            };
            let may = it.deed == Deed::Tap && overtaken.all(had_to_wait);
            *(if may {
                &mut tally.overtook
            } else {
                &mut tally.reordered
            }) += 1;
        }
        lane.push((&it.id, at));
    }
    tally
}

impl Answers {
    fn of(telegram: &Simulator, bot: &DemoBot) -> Result<Self> {
        let mut answers = Self::default();
        for call in telegram.calls(bot.id)? {
            let Some(id) = answers_what(&call).filter(|id| id.starts_with(MARK)) else {
                continue;
            };
            let is_done = call.status == 200;
            let times = if is_done {
                &mut answers.first
            } else {
                &mut answers.refused
            };
            let first = times.entry(id.to_owned()).or_insert(call.at_us);
            *first = call.at_us.min(*first);
            answers.count += usize::from(is_done);
        }
        Ok(answers)
    }
}

/// The id of what a call answers: a tap's own, or the name that is greeted.
fn answers_what(call: &Call) -> Option<&str> {
    match call.method.to_ascii_lowercase().as_str() {
        "answercallbackquery" => Some(call.parameter("callback_query_id")),
        "sendmessage" => {
            let (_, rest) = call.parameter("text").split_once("Hello, ")?;
            rest.split_once('!').map(|(name, _)| name)
        }
        _ => None,
    }
}

/// The crowd's updates, as Telegram knows them.
pub(crate) fn updates(telegram: &Simulator, bot: &DemoBot) -> Result<Vec<Update>> {
    let mut updates = telegram.updates(bot.id)?;
    updates.retain(|update| update.chat.is_some_and(|chat| chat >= FIRST_CHAT));
    Ok(updates)
}

/// How many they are, and the first of them.
fn few(some: &[&Done]) -> String {
    let names: Vec<&str> = some.iter().take(5).map(|it| it.id.as_str()).collect();
    format!("{} {names:?}", some.len())
}

/// The updates that Telegram still has.
fn waiting(telegram: &Simulator, bot: &DemoBot) -> Result<BTreeSet<i64>> {
    let updates = telegram.updates(bot.id)?.into_iter();
    Ok(updates
        .filter(|update| update.acknowledged_us.is_none())
        .map(|update| update.update_id)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(deed: Deed, number: usize, chat: usize) -> Done {
        Done {
            deed,
            id: number.to_string(),
            chat,
            update_id: 0,
        }
    }

    fn times(times: &[(usize, u64)]) -> BTreeMap<String, u64> {
        let times = times.iter();
        times
            .map(|(number, at)| (number.to_string(), *at))
            .collect()
    }

    #[test]
    fn what_went_wrong_is_counted() {
        let all = [0, 1, 2, 3, 4, 5].map(|number| done(Deed::Start, number, number % 2));
        let mut answers = Answers {
            first: times(&[(0, 1), (1, 1), (2, 2), (3, 9), (4, 3), (5, 9)]),
            count: 6,
            ..Answers::default()
        };
        assert_eq!(tallied(&answers, &all), Tally::default());
        // One comes late, and twice; another never.
        answers.first = times(&[(0, 1), (1, 1), (2, 8), (4, 3), (5, 9)]);
        let wrong = Tally {
            lost: 1,
            reordered: 1,
            again: 1,
            overtook: 0,
        };
        assert_eq!(tallied(&answers, &all), wrong);
    }

    #[test]
    fn taps_may_overtake_what_was_refused_and_messages_may_not() {
        let answers = |refused: &[(usize, u64)]| Answers {
            first: times(&[(0, 5), (1, 4)]),
            refused: times(refused),
            count: 2,
        };
        let tally = |deed, refused: &[(usize, u64)]| {
            let all = [done(deed, 0, 0), done(deed, 1, 0)];
            let tally = tallied(&answers(refused), &all);
            (tally.reordered, tally.overtook)
        };
        assert_eq!(tally(Deed::Tap, &[(0, 2)]), (0, 1));
        assert_eq!(tally(Deed::Tap, &[]), (1, 0));
        assert_eq!(tally(Deed::Start, &[(0, 2)]), (1, 0));
    }

    #[test]
    fn messages_are_spread_over_all_chats() {
        let numbers = 0..1_600;
        let starts = numbers.filter(|number| taps_and_starts(*number) == Deed::Start);
        let chats: BTreeSet<usize> = starts.clone().map(|number| number % CHATS).collect();
        assert_eq!((starts.count(), chats.len()), (200, CHATS));
    }
}
