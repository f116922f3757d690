//! What must hold of every update, whatever happens in whatever order. It knows no database and no schedule.

use std::collections::{BTreeMap, BTreeSet};

use clock::Timestamp;

/// Until nobody knows when.
pub(crate) const SOME_TIME: Timestamp = Timestamp::from_unix_seconds(1 << 40);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Due,
    Running,
    Waits(Timestamp),
    Handled,
    Dead,
    Expired,
    /// Its end was told, and a crash came before that was known to be on disk: it may be over, or not.
    Unsure,
}

#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) lane: u8,
    pub(crate) urgent: bool,
    /// When it was sent and acknowledged, by the number of the event.
    pub(crate) sent: u32,
    pub(crate) acknowledged: Option<u32>,
    pub(crate) fate: Fate,
    /// How often it may be started now.
    starts: u32,
    /// What was told of it last is on disk.
    settled: bool,
    pub(crate) ever_handled: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) updates: BTreeMap<i64, Known>,
    pub(crate) broken: Vec<String>,
    events: u32,
}

impl Known {
    /// Whether it is certain that somebody has yet to handle it.
    pub(crate) fn owed(&self) -> bool {
        let open = matches!(self.fate, Fate::Due | Fate::Running | Fate::Waits(_));
        open && self.acknowledged.is_some()
    }

    pub(crate) fn waits(&self, now: Timestamp) -> bool {
        matches!(self.fate, Fate::Waits(until) if until > now)
    }
}

impl Model {
    pub(crate) fn sent(&mut self, id: i64, lane: u8, urgent: bool) {
        self.events += 1;
        let (sent, fate, settled) = (self.events, Fate::Due, true);
        let (acknowledged, starts, ever_handled) = (None, 1, false);
        #[rustfmt::skip]
        let known = Known { lane, urgent, sent, acknowledged, fate, starts, settled, ever_handled };
        self.updates.entry(id).or_insert(known);
    }

    pub(crate) fn acknowledged(&mut self, id: i64, as_new: bool) {
        self.events += 1;
        let before = self.of(id).acknowledged;
        self.of(id).acknowledged = before.or(Some(self.events));
        self.must(!as_new || before.is_none(), id, "stored twice");
    }

    /// In the order of its lane, alone, and no more often than its failures and the crashes explain.
    pub(crate) fn started(&mut self, id: i64, now: Timestamp) {
        let Known {
            lane,
            urgent,
            sent,
            starts,
            ..
        } = *self.of(id);
        let others = || self.updates.values().filter(|other| other.lane == lane);
        let before = || others().filter(|other| other.owed() && other.acknowledged < Some(sent));
        let overtakes = before().any(|other| !(urgent && other.waits(now)));
        let beside = others().any(|other| other.fate == Fate::Running);
        self.must(!overtakes, id, "overtook another");
        self.must(!beside, id, "ran beside another");
        self.must(starts > 0, id, "was started too often");
        let known = self.of(id);
        (known.starts, known.fate, known.settled) = (starts.saturating_sub(1), Fate::Running, true);
    }

    pub(crate) fn told(&mut self, id: i64, fate: Fate) {
        let known = self.of(id);
        (known.fate, known.settled) = (fate, false);
        known.starts = matches!(fate, Fate::Waits(_)).into();
        known.ever_handled |= fate == Fate::Handled;
    }

    /// Those whose end was told.
    pub(crate) fn over(&self) -> BTreeSet<i64> {
        let over = |known: &Known| matches!(known.fate, Fate::Handled | Fate::Dead);
        let all = self.updates.iter();
        all.filter(|(_, known)| over(known))
            .map(|(id, _)| *id)
            .collect()
    }

    /// What was told of these is on disk.
    pub(crate) fn settled(&mut self, ids: &BTreeSet<i64>) {
        ids.iter().for_each(|id| self.of(*id).settled = true);
    }

    pub(crate) fn crashed(&mut self) {
        for known in self.updates.values_mut() {
            known.fate = match known.fate {
                Fate::Running | Fate::Waits(SOME_TIME) => Fate::Due,
                Fate::Handled | Fate::Dead if !known.settled => Fate::Unsure,
                fate => fate,
            };
            known.starts =
                (known.starts > 0 || known.fate == Fate::Due || known.fate == Fate::Unsure).into();
        }
    }

    pub(crate) fn replayed(&mut self, id: i64) {
        self.events += 1;
        let event = self.events;
        let known = self.of(id);
        (known.sent, known.acknowledged, known.fate, known.starts) =
            (event, Some(event), Fate::Due, 1);
    }

    pub(crate) fn of(&mut self, id: i64) -> &mut Known {
        self.updates.get_mut(&id).unwrap()
    }

    fn must(&mut self, holds: bool, id: i64, otherwise: &str) {
        if !holds {
            let lane = self.updates[&id].lane;
            let of_lane = self.updates.iter().filter(|(_, known)| known.lane == lane);
            let of_lane: Vec<_> = of_lane.collect();
            self.broken.push(format!("{id} {otherwise}: {of_lane:?}"));
        }
    }
}
