//! What the dispatcher told of updates, until it is on disk.

use std::collections::{BTreeMap, HashSet};

use update_dispatcher::{Dead, Queued, Retry, Seq};

use crate::sessions::Told;

/// What the dispatcher told of an update that is not finished. Of two tellings the later counts.
#[derive(Clone)]
pub(crate) enum End {
    Dead(Dead),
    Retry(Retry),
}

/// What the dispatcher told of updates.
#[derive(Clone, Default)]
pub(crate) struct Ends {
    /// Final: nothing is told of these after that.
    pub(crate) finished: Vec<Seq>,
    pub(crate) others: BTreeMap<Seq, End>,
    /// Changes of sessions that ride with these, in the order in which they were told.
    pub(crate) sessions: Vec<Told>,
}

impl Ends {
    pub(crate) fn len(&self) -> usize {
        self.finished.len() + self.others.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.sessions.is_empty()
    }

    /// How many of these updates are over.
    pub(crate) fn settled(&self) -> usize {
        let dead = self
            .others
            .values()
            .filter(|end| matches!(end, End::Dead(_)));
        self.finished.len() + dead.count()
    }

    /// Adds what is of other updates and other sessions.
    pub(crate) fn add(&mut self, more: Self) {
        self.finished.extend(more.finished);
        self.others.extend(more.others);
        self.sessions.extend(more.sessions);
    }

    /// Takes out all that are finished, but of the others no more than about so many: each is a statement or three, and everybody
    /// waits for the commit. Changes of one session are made one from the other, so a lane's changes, and the ends that they ride
    /// with, are taken together or not at all; what was told first goes first.
    pub(crate) fn take(&mut self, most: usize) -> Self {
        if self.others.len() <= most && self.sessions.len() <= most {
            return std::mem::take(self);
        }
        let mut taken = Self::default();
        let (mut lanes, mut stay) = (HashSet::new(), HashSet::new());
        for told in std::mem::take(&mut self.sessions) {
            let lane = &told.change.lane;
            if lanes.contains(lane) || taken.sessions.len() < most {
                lanes.insert(lane.clone());
                taken.sessions.push(told);
            } else {
                stay.insert(told.seq);
                self.sessions.push(told);
            }
        }
        let ride: Vec<Seq> = taken.sessions.iter().map(|told| told.seq).collect();
        taken.others = ride
            .iter()
            .filter_map(|seq| self.others.remove_entry(seq))
            .collect();
        // Some room is kept for those without sessions.
        let free = most.saturating_sub(taken.others.len()).max(most / 4);
        let next = self.others.keys().filter(|seq| !stay.contains(seq));
        let next: Vec<Seq> = next.take(free).copied().collect();
        for seq in next {
            taken.others.extend(self.others.remove_entry(&seq));
        }
        let (stay, finished) = std::mem::take(&mut self.finished)
            .into_iter()
            .partition(|seq| stay.contains(seq));
        (self.finished, taken.finished) = (stay, finished);
        taken
    }

    /// Takes back what was told before all that is here.
    pub(crate) fn precede(&mut self, mut earlier: Self) {
        earlier.sessions.append(&mut self.sessions);
        self.sessions = earlier.sessions;
        self.finished.extend(earlier.finished);
        for (seq, end) in earlier.others {
            self.others.entry(seq).or_insert(end);
        }
    }
}

impl End {
    fn retry(&self) -> Option<&Retry> {
        match self {
            Self::Retry(retry) => Some(retry),
            Self::Dead(_) => None,
        }
    }
}

/// What was told of updates and is not in the database yet: those that are over, and what is known of the next attempt.
pub(crate) struct Overlay(BTreeMap<Seq, Option<Retry>>);

impl Overlay {
    /// Of what was told first, and after it.
    pub(crate) fn of(tellings: [&Ends; 2]) -> Self {
        let mut overlay = BTreeMap::new();
        for told in tellings {
            let others = told.others.iter();
            overlay.extend(others.map(|(seq, end)| (*seq, end.retry().cloned())));
        }
        // Final, whatever else was told.
        for told in tellings {
            overlay.extend(told.finished.iter().map(|seq| (*seq, None)));
        }
        Self(overlay)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Corrects what the database says.
    pub(crate) fn correct(&self, mut page: Vec<Queued>) -> Vec<Queued> {
        page.retain_mut(|queued| match self.0.get(&queued.seq) {
            None => true,
            Some(None) => false,
            Some(Some(retry)) => {
                queued.progress = retry.progress;
                queued.attempts = retry.attempts;
                queued.not_before = Some(retry.not_before);
                queued.history.clone_from(&retry.history);
                true
            }
        });
        page
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use clock::Timestamp;
    use ids::ConnectionId;
    use telegram_bot_api::ChatId;
    use update_dispatcher::{Lane, LaneKey, Progress, SessionChange};

    use super::*;
    use crate::sessions::Unsaved;

    #[test]
    fn a_commit_takes_a_few_hundred_retries_and_all_that_are_finished() {
        let mut ends = Ends {
            finished: (5_000..9_000).map(Seq::new).collect(),
            others: (0..2_000).map(|seq| (Seq::new(seq), retry())).collect(),
            ..Ends::default()
        };
        let first = ends.take(512);
        assert_eq!((first.finished.len(), first.others.len()), (4_000, 512));
        assert!(
            first
                .others
                .keys()
                .eq((0..512).map(Seq::new).collect::<Vec<_>>().iter())
        );
        let rest: Vec<usize> = (0..3).map(|_| ends.take(512).others.len()).collect();
        assert_eq!((rest, ends.is_empty()), (vec![512, 512, 464], true));
    }

    #[test]
    fn what_one_end_changes_in_many_lanes_is_written_whole_before_the_end_is() {
        let unsaved = Unsaved::default();
        let mut ends = Ends {
            finished: vec![Seq::new(1)],
            sessions: unsaved.tell(Seq::new(1), (0..1_200).map(change).collect()),
            ..Ends::default()
        };
        for (sessions, finished) in [(512, 0), (512, 0), (176, 1)] {
            assert!(!ends.is_empty());
            let taken = ends.take(512);
            assert!(!taken.is_empty());
            assert_eq!(
                (taken.sessions.len(), taken.finished.len()),
                (sessions, finished)
            );
        }
        assert!(ends.is_empty());
    }

    #[test]
    fn what_a_lane_remembers_is_taken_together_and_nothing_is_left() {
        let unsaved = Unsaved::default();
        let mut ends = Ends::default();
        // Each lane tells of a retry, and a good while later of its end and of another retry; between them are those without sessions.
        for round in 0..3_i64 {
            for chat in 0..700 {
                let seq = Seq::new(chat * 10 + round);
                ends.sessions.extend(unsaved.tell(seq, vec![change(chat)]));
                match round {
                    1 => ends.finished.push(seq),
                    _ => drop(ends.others.insert(seq, retry())),
                }
                let alone = Seq::new(chat * 10 + 5 + round);
                ends.others.insert(alone, retry());
            }
        }
        let told = ends.clone();
        let (mut known, mut finished, mut others) = (BTreeSet::new(), 0, 0);
        while !ends.is_empty() {
            let taken = ends.take(512);
            assert!(
                taken.others.len() <= 512 * 2 + 128,
                "{}",
                taken.others.len()
            );
            let lanes: BTreeSet<_> = taken
                .sessions
                .iter()
                .map(|told| &told.change.lane)
                .cloned()
                .collect();
            assert_eq!(taken.sessions.len(), 3 * lanes.len(), "some of a lane");
            for one in &taken.sessions {
                let is_there =
                    taken.others.contains_key(&one.seq) || taken.finished.contains(&one.seq);
                assert!(is_there, "a session without its end");
            }
            for lane in lanes {
                assert!(known.insert(lane));
            }
            finished += taken.finished.len();
            others += taken.others.len();
        }
        assert_eq!(
            (known.len(), finished, others),
            (700, told.finished.len(), told.others.len())
        );
        assert!(ends.sessions.is_empty());
    }

    fn retry() -> End {
        End::Retry(Retry {
            progress: Progress::default(),
            attempts: 1,
            not_before: Timestamp::from_unix_seconds(1),
            reason: String::new(),
            history: Vec::new(),
            sessions: Vec::new(),
        })
    }

    fn change(chat: i64) -> SessionChange {
        SessionChange {
            lane: LaneKey::new(
                ConnectionId::from_parts(1, [1; 10]),
                Lane::Chat(ChatId(chat)),
            ),
            name: Arc::from("shop"),
            was: None,
            becomes: None,
        }
    }
}
