//! What all connections share: places in line, alarms, questions to the journal, and the count of it all.

use std::collections::{BTreeSet, HashMap};

use clock::Timestamp;
use ids::ConnectionId;

use super::ring::{Ring, Ticket};
use crate::{LaneKey, Limits, Seq};

/// Which line something stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Urgent,
    Normal,
}

/// One thing for each class.
pub(super) struct PerClass<T> {
    pub(super) urgent: T,
    pub(super) normal: T,
}

/// What the journal is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Lane(LaneKey),
    Connection(ConnectionId),
}

/// A question to the journal.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) id: u64,
    pub(crate) subject: Subject,
    pub(crate) after: Seq,
    pub(crate) limit: usize,
}

/// A question that is on its way.
pub(super) struct Asked {
    pub(super) subject: Subject,
    pub(super) limit: usize,
    /// What had been spilled when the question was put.
    pub(super) upto: Seq,
}

/// Where a lane or a connection is with its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    No,
    Queued(Ticket),
    Asked(u64),
    /// The last one failed.
    Later(Timestamp),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    Retry(LaneKey),
    Ask(Subject),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) running: usize,
    pub(crate) loaded: usize,
    pub(crate) bytes: usize,
}

pub(super) struct Common {
    pub(super) limits: Limits,
    pub(super) count: Count,
    /// Connections with a lane that may start, and room to start it.
    pub(super) ready: PerClass<Ring<ConnectionId>>,
    pub(super) alarms: BTreeSet<(Timestamp, Alarm)>,
    pub(super) wanting: Ring<Subject>,
    asked: HashMap<u64, Asked>,
    last_ask: u64,
    /// Room promised to questions on their way.
    reserved: usize,
}

impl<T> PerClass<T> {
    pub(super) fn of(&mut self, class: Class) -> &mut T {
        match class {
            Class::Urgent => &mut self.urgent,
            Class::Normal => &mut self.normal,
        }
    }
}

impl Common {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            count: Count::default(),
            ready: PerClass {
                urgent: Ring::new(),
                normal: Ring::new(),
            },
            alarms: BTreeSet::new(),
            wanting: Ring::new(),
            asked: HashMap::new(),
            last_ask: 0,
            reserved: 0,
        }
    }

    /// Whether an update of this size may be loaded. The first one always may, however big.
    pub(super) fn fits(&self, cost: usize) -> bool {
        let room = self.count.loaded + self.reserved < self.limits.loaded;
        let first = self.count.loaded == 0;
        room && (first || self.count.bytes + cost <= self.limits.loaded_bytes)
    }

    /// Whether there is room for more than one, so that whoever waited for it does not wake in vain.
    pub(super) fn has_room(&self) -> bool {
        let less = |most: usize| most - most / 64;
        self.count.loaded == 0
            || (self.count.loaded + self.reserved < less(self.limits.loaded)
                && self.count.bytes < less(self.limits.loaded_bytes))
    }

    pub(super) fn may_ask(&self) -> bool {
        self.asked.len() < self.limits.refills && self.fits(0)
    }

    pub(super) fn ask(&mut self, subject: Subject, after: Seq, upto: Seq, limit: usize) -> Ask {
        let room = self
            .limits
            .loaded
            .saturating_sub(self.count.loaded + self.reserved);
        let limit = limit.min(room).max(1);
        self.last_ask += 1;
        self.reserved += limit;
        let asked = Asked {
            subject: subject.clone(),
            limit,
            upto,
        };
        self.asked.insert(self.last_ask, asked);
        Ask {
            id: self.last_ask,
            subject,
            after,
            limit,
        }
    }

    pub(super) fn answered(&mut self, id: u64) -> Option<Asked> {
        let asked = self.asked.remove(&id)?;
        self.reserved -= asked.limit;
        Some(asked)
    }

    /// Takes back a question that was not put yet. The answer to one that was will be ignored.
    pub(super) fn unask(&mut self, asking: &mut Asking, subject: impl FnOnce() -> Subject) {
        match std::mem::replace(asking, Asking::No) {
            Asking::Queued(ticket) => self.wanting.remove(ticket),
            Asking::Later(at) => {
                self.alarms.remove(&(at, Alarm::Ask(subject())));
            }
            Asking::No | Asking::Asked(_) => {}
        }
    }

    pub(super) fn ask_later(&mut self, asking: &mut Asking, at: Timestamp, subject: Subject) {
        *asking = Asking::Later(at);
        self.alarms.insert((at, Alarm::Ask(subject)));
    }
}
