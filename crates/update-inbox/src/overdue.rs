//! What is to be deleted because its time is over, a commit's share at a time.

use std::collections::BTreeMap;

use ids::ConnectionId;

/// What one commit is to look through.
pub(crate) enum Overdue {
    /// What these connections have waiting.
    Parked(Vec<ConnectionId>),
    Blocks {
        /// Whether the time of day is right beyond doubt, so that no block can have been touched later.
        firm: bool,
    },
    Sessions,
}

/// What one commit has deleted.
#[derive(Default)]
pub(crate) struct Share {
    pub(crate) deleted: usize,
    /// Whose updates these were.
    pub(crate) of: BTreeMap<ConnectionId, usize>,
    /// Whether there may be more.
    pub(crate) more: bool,
}

/// Rows that are deleted in one commit, give or take those that expire together.
pub(crate) const MOST: i64 = 1_000;
