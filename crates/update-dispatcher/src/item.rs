//! An update in memory, with what is left to do of it.

use std::collections::VecDeque;
use std::time::Duration;

use telegram_bot_api::Call;

use crate::{Flow, Queued, RefusedCall, UpdateRef};

/// An update in memory. Boxed wherever it is kept: it moves between queues and tasks.
pub(crate) struct Item {
    pub(crate) queued: Queued,
    /// What is left of the stage at `queued.progress`, if that has run in this process.
    pub(crate) rest: Option<Rest>,
    /// How long this process was at work on it.
    pub(crate) took: Duration,
    /// Calls made in this process.
    pub(crate) calls: u32,
    /// The first few of them that were refused.
    pub(crate) refused: Vec<RefusedCall>,
}

/// What is left of a stage that has run.
pub(crate) struct Rest {
    pub(crate) calls: VecDeque<Call>,
    pub(crate) flow: Flow,
}

impl Item {
    pub(crate) fn new(queued: Queued) -> Box<Self> {
        Box::new(Self {
            queued,
            rest: None,
            took: Duration::ZERO,
            calls: 0,
            refused: Vec::new(),
        })
    }

    pub(crate) fn update(&self) -> UpdateRef {
        UpdateRef {
            connection: self.queued.lane.connection.clone(),
            update_id: self.queued.update_id,
        }
    }
}
