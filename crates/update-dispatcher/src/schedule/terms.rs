//! What the files of the schedule talk about.

use clock::Timestamp;

use super::ring::Ticket;
use crate::item::LaneId;

/// A connection while something of it is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BotId(pub(super) u32);

/// Which line something stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Urgent,
    Normal,
}

/// One thing for each class.
#[derive(Default)]
pub(super) struct PerClass<T> {
    pub(super) urgent: T,
    pub(super) normal: T,
}

/// Whom a question to the journal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asker {
    Lane(LaneId),
    Bot(BotId),
}

/// Where a lane or a connection is with its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    No,
    Queued(Ticket),
    Asked(u64),
    /// The last one failed.
    Later(Timestamp),
    /// There is too much of it in memory. Looked at again at this time, should nothing happen to it before.
    Held(Timestamp),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    Retry(LaneId),
    Ask(Asker),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) running: usize,
    pub(crate) loaded: usize,
    pub(crate) bytes: usize,
}

impl<T> PerClass<T> {
    pub(super) const fn of(&mut self, class: Class) -> &mut T {
        match class {
            Class::Urgent => &mut self.urgent,
            Class::Normal => &mut self.normal,
        }
    }
}
