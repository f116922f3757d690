//! What a listener has seen.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::gate::Gate;

/// Why a connection never led to a request that a service could see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadFault {
    /// One connection too many: closed at once, or later to make room for another.
    Overloaded,
    /// Not HTTP/1, not well formed, or of two lengths: answered 400 and closed.
    Malformed,
    /// The head was too long or had too many headers: answered 431 or 414 and closed.
    TooLarge,
    /// The head did not come in time.
    TimedOut,
    /// The connection ended in the middle of a head.
    Cut,
}

/// How often what has happened since the listener was bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections open now.
    pub open: usize,
    /// Connections accepted and served.
    pub accepted: u64,
    /// Connections closed at once because there were too many.
    pub turned_away: u64,
    /// Connections that had proven nothing and were ended to make room for another.
    pub evicted: u64,
    /// Requests given to the service.
    pub requests: u64,
    /// Connections cut by a deadline while a request was in flight or an answer was being sent.
    pub cut: u64,
}

/// Looks at a listener while it serves. Cheap to clone.
#[derive(Clone)]
pub struct Monitor(pub(crate) Arc<Tally>);

impl Monitor {
    /// What has been counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            open: self.0.gate.open(),
            accepted: count(&self.0.accepted),
            turned_away: count(&self.0.turned_away),
            evicted: count(&self.0.evicted),
            requests: count(&self.0.requests),
            cut: count(&self.0.cut),
        }
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counts().fmt(f)
    }
}

pub(crate) type Observer = Arc<dyn Fn(SocketAddr, HeadFault) + Send + Sync>;

pub(crate) struct Tally {
    pub(crate) gate: Arc<Gate>,
    pub(crate) accepted: AtomicU64,
    pub(crate) turned_away: AtomicU64,
    pub(crate) evicted: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) cut: AtomicU64,
}

impl Tally {
    pub(crate) fn new(gate: Arc<Gate>) -> Arc<Self> {
        Arc::new(Self {
            gate,
            accepted: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        })
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
