//! What must be true of a story of updates, acknowledgements, calls and crashes, whatever happened in between.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// Who handles one after the other what belongs together: a bot and a chat.
pub(crate) type Lane = (i64, i64);

/// Long enough after an update was handled for that to be on disk, in microseconds: a crash after that must not repeat it …
const SETTLED_US: u64 = 1_500_000;

/// … if the server came on meanwhile, and not the whole machine stood still: so many updates that were posted after it are
/// acknowledged, and what was handled rides with the first of them.
const SETTLED_UPDATES: usize = 50;

/// Everything that happened. Times are microseconds of one clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) updates: Vec<Told>,
    /// In the order in which the calls arrived.
    pub(crate) handled: Vec<Handled>,
    /// When the server was dead: after its last call, before the next one's first.
    pub(crate) crashes: Vec<u64>,
}

/// An update that Telegram has for the server.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) lane: Lane,
    pub(crate) first_post_us: Option<u64>,
    pub(crate) acknowledged_us: Option<u64>,
}

/// The call that an update leads to.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    pub(crate) id: String,
    pub(crate) at_us: u64,
}

/// Something that must not happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Acknowledged, and never handled.
    Lost { id: String, acknowledged_us: u64 },
    /// Handled although nobody told of it.
    Invented { id: String },
    /// Acknowledged before the other was even posted, and handled after it.
    Swapped {
        id: String,
        at_us: u64,
        after: String,
    },
    /// Handled twice by one and the same process.
    Twice {
        id: String,
        first_us: u64,
        again_us: u64,
    },
    /// Handled again although the crash came long after it had been handled.
    LateAgain {
        id: String,
        first_us: u64,
        again_us: u64,
    },
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) acknowledged: usize,
    pub(crate) handled: usize,
    pub(crate) repeated: usize,
    pub(crate) faults: Vec<Fault>,
}

impl Verdict {
    /// How many updates are lost that were acknowledged before this moment.
    pub(crate) fn lost_before(&self, moment_us: u64) -> usize {
        let lost = |fault: &&Fault| matches!(fault, Fault::Lost { acknowledged_us, .. } if *acknowledged_us < moment_us);
        self.faults.iter().filter(lost).count()
    }
}

/// Judges a story.
pub(crate) fn judge(story: &Story) -> Verdict {
    let calls = calls(story);
    let mut verdict = Verdict {
        acknowledged: acknowledged(story).count(),
        handled: calls.len(),
        repeated: calls.values().map(|times| times.len() - 1).sum(),
        faults: lost(story, &calls),
    };
    let known: HashMap<&str, &Told> = story
        .updates
        .iter()
        .map(|update| (&*update.id, update))
        .collect();
    let invented = calls.keys().filter(|id| !known.contains_key(*id));
    verdict.faults.extend(invented.map(|id| Fault::Invented {
        id: (*id).to_owned(),
    }));
    verdict.faults.extend(repeats(story, &calls));
    verdict.faults.extend(swaps(story, &known));
    verdict
}

/// When each update was handled.
type Calls<'a> = BTreeMap<&'a str, Vec<u64>>;

fn calls(story: &Story) -> Calls<'_> {
    let mut calls = Calls::new();
    for handled in &story.handled {
        calls.entry(&handled.id).or_default().push(handled.at_us);
    }
    calls
}

fn acknowledged(story: &Story) -> impl Iterator<Item = (&Told, u64)> {
    let updates = story.updates.iter();
    updates.filter_map(|update| Some((update, update.acknowledged_us?)))
}

fn lost(story: &Story, calls: &Calls<'_>) -> Vec<Fault> {
    let lost = acknowledged(story).filter(|(update, _)| !calls.contains_key(&*update.id));
    lost.map(|(update, acknowledged_us)| Fault::Lost {
        id: update.id.clone(),
        acknowledged_us,
    })
    .collect()
}

/// Between two handlings of an update there is a crash, and it came before the first of them could be noted.
fn repeats(story: &Story, calls: &Calls<'_>) -> Vec<Fault> {
    let crashes = &story.crashes;
    let mut faults = Vec::new();
    for (id, times) in calls {
        for pair in times.windows(2) {
            let id = (*id).to_owned();
            let crash = crashes.get(run_of(crashes, pair[0]));
            match crash.filter(|crash| **crash <= pair[1]) {
                None => faults.push(Fault::Twice {
                    id,
                    first_us: pair[0],
                    again_us: pair[1],
                }),
                Some(crash) if is_settled(story, pair[0], *crash) => {
                    faults.push(Fault::LateAgain {
                        id,
                        first_us: pair[0],
                        again_us: pair[1],
                    });
                }
                Some(_) => {}
            }
        }
    }
    faults
}

/// Whether what was handled at this time must be on disk at that.
fn is_settled(story: &Story, handled_us: u64, crash_us: u64) -> bool {
    let came_later = |update: &&Told| {
        let posted = update.first_post_us.is_some_and(|at| at > handled_us);
        posted && update.acknowledged_us.is_some_and(|at| at < crash_us)
    };
    crash_us.saturating_sub(handled_us) > SETTLED_US
        && story.updates.iter().filter(came_later).count() >= SETTLED_UPDATES
}

/// The number of crashes before this time, which is that of the process that lived then.
fn run_of(crashes: &[u64], at: u64) -> usize {
    crashes.partition_point(|crash| *crash <= at)
}

/// An update, and when it was handled.
type Handling<'a> = (&'a Told, u64);

/// Looks at all first handlings, and at all handlings by each process: in both, each lane must be in order.
fn swaps(story: &Story, known: &HashMap<&str, &Told>) -> Vec<Fault> {
    let mut met = HashSet::new();
    let mut sequences: BTreeMap<(Lane, Option<usize>), Vec<Handling<'_>>> = BTreeMap::new();
    for handled in &story.handled {
        let Some(update) = known.get(&*handled.id) else {
            continue;
        };
        let at = handled.at_us;
        let run = run_of(&story.crashes, at);
        let of_run = sequences.entry((update.lane, Some(run))).or_default();
        of_run.push((update, at));
        if met.insert(&handled.id) {
            let of_all = sequences.entry((update.lane, None)).or_default();
            of_all.push((update, at));
        }
    }
    let mut faults: Vec<Fault> = sequences
        .values()
        .flat_map(|all| out_of_order(all))
        .collect();
    faults.sort();
    faults.dedup();
    faults
}

/// Each update of a lane that was handled after one that was posted only when it had been acknowledged.
///
/// Of two that were on their way at the same time none is the first, so only this is asked.
fn out_of_order(lane: &[Handling<'_>]) -> Vec<Fault> {
    let mut faults = Vec::new();
    // Of those handled so far, the one that was posted last.
    let mut latest: Option<(&Told, u64)> = None;
    for (update, at_us) in lane {
        if let (Some((after, posted)), Some(acknowledged)) = (latest, update.acknowledged_us)
            && acknowledged < posted
        {
            faults.push(Fault::Swapped {
                id: update.id.clone(),
                at_us: *at_us,
                after: after.id.clone(),
            });
        }
        let posted = update.first_post_us.unwrap_or_default();
        if latest.is_none_or(|(_, before)| before < posted) {
            latest = Some((update, posted));
        }
    }
    faults
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost {
                id,
                acknowledged_us,
            } => {
                write!(
                    out,
                    "{id} was acknowledged at {acknowledged_us} and never handled"
                )
            }
            Self::Invented { id } => write!(out, "{id} was handled, but was never sent"),
            Self::Swapped { id, at_us, after } => write!(
                out,
                "{id} was handled at {at_us}, after {after} of its lane, which was posted later than it was acknowledged"
            ),
            Self::Twice {
                id,
                first_us,
                again_us,
            } => write!(
                out,
                "{id} was handled at {first_us} and again at {again_us}, without a crash"
            ),
            Self::LateAgain {
                id,
                first_us,
                again_us,
            } => write!(
                out,
                "{id} was handled at {first_us} and again at {again_us}: the crash in between came too late to excuse it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    /// Updates a, b, c … of one lane, posted one after the other and acknowledged in between.
    fn told(many: u8) -> Vec<Told> {
        let update = |number: u8| Told {
            id: char::from(b'a' + number).to_string(),
            lane: (1, 7),
            first_post_us: Some(u64::from(number) * 100),
            acknowledged_us: Some(u64::from(number) * 100 + 50),
        };
        (0..many).map(update).collect()
    }

    fn story(many: u8, handled: &[(&str, u64)], crashes: &[u64]) -> Story {
        let handled = handled.iter().map(|(id, at_us)| Handled {
            id: (*id).to_owned(),
            at_us: *at_us,
        });
        Story {
            updates: told(many),
            handled: handled.collect(),
            crashes: crashes.to_vec(),
        }
    }

    fn faults(many: u8, handled: &[(&str, u64)], crashes: &[u64]) -> Vec<Fault> {
        judge(&story(many, handled, crashes)).faults
    }

    #[test]
    fn a_calm_story_and_an_excused_repeat_are_in_order() {
        assert_eq!(faults(3, &[("a", S), ("b", S), ("c", S + 1)], &[]), []);
        let crashed = story(
            3,
            &[("a", S), ("b", S), ("a", 2 * S), ("b", 2 * S), ("c", 2 * S)],
            &[S + 5],
        );
        let verdict = judge(&crashed);
        assert_eq!(verdict.faults, []);
        let counts = (verdict.acknowledged, verdict.handled, verdict.repeated);
        assert_eq!(counts, (3, 3, 2));
    }

    #[test]
    fn a_lost_one_is_found_and_one_that_was_not_acknowledged_is_not_missed() {
        let found = faults(3, &[("a", S), ("c", S)], &[S + 5]);
        assert_eq!(
            found,
            [Fault::Lost {
                id: "b".into(),
                acknowledged_us: 150
            }]
        );
        let mut unacknowledged = story(2, &[("a", S)], &[]);
        unacknowledged.updates[1].acknowledged_us = None;
        assert_eq!(judge(&unacknowledged).faults, []);
        assert_eq!(judge(&unacknowledged).lost_before(u64::MAX), 0);
    }

    #[test]
    fn a_swapped_pair_is_found_in_one_run_and_over_a_crash() {
        let swapped = |at_us| Fault::Swapped {
            id: "a".into(),
            at_us,
            after: "b".into(),
        };
        assert_eq!(faults(2, &[("b", S), ("a", S + 1)], &[]), [swapped(S + 1)]);
        assert_eq!(
            faults(2, &[("b", S), ("a", 2 * S)], &[S + 5]),
            [swapped(2 * S)]
        );
        // The second run repeats in the wrong order what the first had right.
        let again = [("a", S), ("b", S), ("b", 2 * S), ("a", 2 * S)];
        assert_eq!(faults(2, &again, &[S + 5]), [swapped(2 * S)]);
        // Not directly after the crash: something newer of the lane went first.
        let late = [("a", S), ("b", 2 * S), ("a", 2 * S + 1)];
        assert_eq!(faults(2, &late, &[S + 5]), [swapped(2 * S + 1)]);
    }

    #[test]
    fn of_two_that_were_on_their_way_together_and_of_two_lanes_either_may_be_first() {
        let mut together = story(2, &[("b", S), ("a", S + 1)], &[]);
        together.updates[0].acknowledged_us = Some(150);
        assert_eq!(judge(&together).faults, []);
        let mut apart = story(2, &[("b", S), ("a", S + 1)], &[]);
        apart.updates[0].lane = (1, 8);
        assert_eq!(judge(&apart).faults, []);
    }

    #[test]
    fn a_double_without_a_crash_is_found() {
        let twice = Fault::Twice {
            id: "a".into(),
            first_us: S,
            again_us: S + 9,
        };
        for crashes in [&[][..], &[S - 1, S + 10]] {
            let found = faults(1, &[("a", S), ("a", S + 9)], crashes);
            assert_eq!(found, std::slice::from_ref(&twice));
        }
    }

    #[test]
    fn a_third_time_needs_a_second_crash() {
        let thrice = [("a", S), ("a", S + 20), ("a", S + 40)];
        assert_eq!(faults(1, &thrice, &[S + 10, S + 30]), []);
        let found = faults(1, &thrice, &[S + 10]);
        assert_eq!(
            found,
            [Fault::Twice {
                id: "a".into(),
                first_us: S + 20,
                again_us: S + 40,
            }]
        );
    }

    #[test]
    fn a_crash_long_after_excuses_nothing() {
        let told_meanwhile = |many: u8| {
            let mut again = story(many, &[("a", S), ("a", 9 * S)], &[8 * S]);
            for (number, later) in (0..).zip(&mut again.updates[1..]) {
                later.lane = (2, number);
                later.first_post_us = Some(S + 10);
                later.acknowledged_us = Some(2 * S);
                again.handled.push(Handled {
                    id: later.id.clone(),
                    at_us: 3 * S,
                });
            }
            judge(&again).faults
        };
        let late = Fault::LateAgain {
            id: "a".into(),
            first_us: S,
            again_us: 9 * S,
        };
        assert_eq!(told_meanwhile(51), [late]);
        // Nothing went on meanwhile: the machine stood still.
        assert_eq!(told_meanwhile(50), []);
        // A crash before it could be noted does, however late the next process comes to it.
        assert_eq!(faults(1, &[("a", S), ("a", 9 * S)], &[S + 5, 8 * S]), []);
    }

    #[test]
    fn what_nobody_sent_is_found() {
        let found = faults(1, &[("a", S), ("x", S)], &[]);
        assert_eq!(found, [Fault::Invented { id: "x".into() }]);
        assert!(found[0].to_string().starts_with("x was handled"));
    }
}
