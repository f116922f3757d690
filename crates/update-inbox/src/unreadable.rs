//! How much room unreadable requests take.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use diesel::prelude::*;
use store::Connection;

use crate::schema::{inbox_quarantine, octet_length};

/// How much of unreadable requests is kept; counted anew now and then, so a little off at times.
pub(crate) struct Unreadable {
    pub(crate) requests: AtomicUsize,
    pub(crate) bytes: AtomicUsize,
    /// Whether somebody is making room.
    pub(crate) trimming: AtomicBool,
}

impl Unreadable {
    pub(crate) async fn read(connection: &mut Connection) -> store::Result<Self> {
        let sizes = sizes(connection).await?;
        let unreadable = Self {
            requests: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            trimming: AtomicBool::new(false),
        };
        unreadable.set(&sizes);
        Ok(unreadable)
    }

    /// These are all.
    pub(crate) fn set(&self, sizes: &[(i64, i32)]) {
        let bytes = sizes
            .iter()
            .map(|(_, size)| usize::try_from(*size).unwrap_or(0));
        self.requests.store(sizes.len(), Ordering::Relaxed);
        self.bytes.store(bytes.sum(), Ordering::Relaxed);
    }
}

/// The number and size of every unreadable request, newest first.
pub(crate) async fn sizes(connection: &mut Connection) -> store::Result<Vec<(i64, i32)>> {
    let all = inbox_quarantine::table
        .order(inbox_quarantine::seq.desc())
        .select((inbox_quarantine::seq, octet_length(inbox_quarantine::body)));
    connection.fetch(all).await
}
