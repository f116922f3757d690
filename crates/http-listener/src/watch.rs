//! How far a connection's present request has come, and when it will be too late.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use clock::Clock;

use crate::Limits;
use crate::standing::Standing;

/// Everything here is changed by the connection's own task, which is why no lock is needed; only a body may end elsewhere, and the
/// gate may evict the connection.
pub(crate) struct Watch {
    clock: Clock,
    limits: Limits,
    /// What the clock showed when the connection was last polled: near enough for deadlines of seconds.
    now: Time,
    accepted: Duration,
    phase: AtomicU8,
    /// When the phase began; once some of a head has come, when that was.
    began: Time,
    head_ended: Time,
    /// Since when an answer waits for the peer to take some of it.
    stalled: Time,
    /// Who waits for the body.
    reader: Mutex<Option<Waker>>,
    /// Whether the service has answered a request with success.
    pub(crate) standing: Standing,
    /// Answers without it, until then.
    refusals: AtomicU32,
    /// A head has come that says in two ways how long its body is.
    conflict: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    /// Not one byte has ever come.
    Fresh,
    /// Nothing of the next request has come.
    Waiting,
    /// Some of a head has come.
    Head,
    /// The service has the request and may read its body.
    Body,
    /// The body did not come in time; the service may still answer.
    BodyLate,
    /// The body is read or given up.
    Handling,
    /// The service has answered, and the answer is being sent.
    Answering,
}

/// What is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// Nobody has asked for anything for long.
    Idle,
    /// A head is not complete.
    Head,
    /// The request was not answered, or its answer not taken.
    Request,
}

impl Watch {
    pub(crate) fn new(clock: Clock, limits: Limits) -> Self {
        let now = clock.elapsed();
        Self {
            clock,
            limits,
            now: Time::at(now),
            accepted: now,
            phase: AtomicU8::new(Phase::Fresh as u8),
            began: Time::at(now),
            head_ended: Time::never(),
            stalled: Time::never(),
            reader: Mutex::default(),
            standing: Standing::default(),
            refusals: AtomicU32::new(0),
            conflict: AtomicBool::new(false),
        }
    }

    /// Looks at the clock. To be called when the connection is polled.
    pub(crate) fn look(&self) {
        self.now.set(self.clock.elapsed());
    }

    /// When the next deadline is, by the clock's [`Clock::elapsed`].
    pub(crate) fn due(&self) -> Option<Duration> {
        let of_stall = self.stalled.get().map(|at| at + self.limits.write_stall);
        match (self.phase_due(), of_stall) {
            (Some(phase), Some(stall)) => Some(phase.min(stall)),
            (phase, stall) => phase.or(stall),
        }
    }

    /// To be called when a deadline has passed: what is over. `None` when a late body was told so and the rest goes on, or
    /// when the request has moved on meanwhile.
    pub(crate) fn passed(&self) -> Option<Late> {
        let now = self.clock.elapsed();
        let stalled = self.stalled.get();
        if stalled.is_some_and(|since| since + self.limits.write_stall <= now) {
            return Some(Late::Request);
        }
        if self.phase_due().is_none_or(|due| due > now) {
            return None;
        }
        match self.phase() {
            Phase::Fresh | Phase::Waiting => Some(Late::Idle),
            Phase::Head => Some(Late::Head),
            Phase::Body if self.began() + self.limits.request_deadline > now => {
                if self.moves(Phase::Body, Phase::BodyLate)
                    && let Some(reader) = self.reader().take()
                {
                    reader.wake();
                }
                None
            }
            Phase::Body | Phase::BodyLate | Phase::Handling => Some(Late::Request),
            Phase::Answering => None,
        }
    }

    pub(crate) fn bytes_came(&self) {
        if self.is_waiting() {
            self.began.copy(&self.now);
            self.enter(Phase::Head);
        }
    }

    /// Nothing more of this connection is for a service.
    pub(crate) fn heads_conflict(&self) {
        self.conflict.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_in_conflict(&self) -> bool {
        self.conflict.load(Ordering::Relaxed)
    }

    pub(crate) fn request_came(&self) {
        self.head_ended.copy(&self.now);
        if self.phase() != Phase::Head {
            // The head came along with the request before.
            self.began.copy(&self.now);
        }
        self.enter(Phase::Body);
    }

    /// Whether the body may still come; then the reader is woken when it is late.
    pub(crate) fn await_body(&self, reader: &Waker) -> bool {
        let mut known = self.reader();
        // Looked at while the lock is held: who makes it late takes the reader after that.
        if self.phase() == Phase::BodyLate {
            return false;
        }
        match &mut *known {
            Some(known) => known.clone_from(reader),
            unknown => *unknown = Some(reader.clone()),
        }
        true
    }

    pub(crate) fn body_ended(&self) {
        if !self.moves(Phase::Body, Phase::Handling) {
            self.moves(Phase::BodyLate, Phase::Handling);
        }
    }

    /// Whether the connection may go on after this answer.
    pub(crate) fn answered(&self, well: bool) -> bool {
        self.enter(Phase::Answering);
        if well {
            self.standing.prove();
        }
        if self.standing.is_proven() {
            return true;
        }
        let refusals = self.refusals.fetch_add(1, Ordering::Relaxed) + 1;
        let ends = self.accepted + self.limits.lifetime_unproven;
        refusals < self.limits.refusals_unproven && self.now.get().is_none_or(|now| now < ends)
    }

    pub(crate) fn answer_ended(&self) {
        self.began.copy(&self.now);
        self.enter(Phase::Waiting);
    }

    pub(crate) fn write_waits(&self, waits: bool) {
        if !waits {
            self.stalled.forget();
        } else if self.stalled.get().is_none() {
            self.stalled.copy(&self.now);
        }
    }

    /// Whether not one byte has ever come.
    pub(crate) fn is_fresh(&self) -> bool {
        self.phase() == Phase::Fresh
    }

    /// Whether a service has ever had a request of this connection, which is unproven.
    pub(crate) fn has_asked(&self) -> bool {
        self.refusals.load(Ordering::Relaxed) > 0 || !self.is_before_request()
    }

    /// Whether no service has the request, if there is one at all.
    pub(crate) fn is_before_request(&self) -> bool {
        self.is_waiting() || self.is_in_head()
    }

    pub(crate) fn is_in_head(&self) -> bool {
        self.phase() == Phase::Head
    }

    fn is_waiting(&self) -> bool {
        matches!(self.phase(), Phase::Fresh | Phase::Waiting)
    }

    fn phase_due(&self) -> Option<Duration> {
        let (limits, began) = (&self.limits, self.began());
        let ends = self.accepted + limits.lifetime_unproven;
        Some(match self.phase() {
            Phase::Fresh => ends.min(began + limits.header_deadline),
            Phase::Waiting if self.standing.is_proven() => began + limits.idle,
            Phase::Waiting => ends.min(began + limits.idle_unproven),
            Phase::Head => began + limits.header_deadline,
            Phase::Body => {
                let head_ended = self.head_ended.get().unwrap_or(began);
                (began + limits.request_deadline).min(head_ended + limits.body_deadline)
            }
            Phase::BodyLate | Phase::Handling => began + limits.request_deadline,
            Phase::Answering => return None,
        })
    }

    fn began(&self) -> Duration {
        self.began.get().unwrap_or_default()
    }

    fn phase(&self) -> Phase {
        const PHASES: [Phase; 7] = [
            Phase::Fresh,
            Phase::Waiting,
            Phase::Head,
            Phase::Body,
            Phase::BodyLate,
            Phase::Handling,
            Phase::Answering,
        ];
        PHASES[usize::from(self.phase.load(Ordering::Acquire))]
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Goes from one phase to another, unless it has been left already.
    fn moves(&self, from: Phase, to: Phase) -> bool {
        let (taken, given) = (Ordering::AcqRel, Ordering::Relaxed);
        self.phase
            .compare_exchange(from as u8, to as u8, taken, given)
            .is_ok()
    }

    fn reader(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reading of the clock's [`Clock::elapsed`], in nanoseconds; the greatest stands for none.
struct Time(AtomicU64);

impl Time {
    const NEVER: u64 = u64::MAX;

    fn at(time: Duration) -> Self {
        let some = Self::never();
        some.set(time);
        some
    }

    fn never() -> Self {
        Self(AtomicU64::new(Self::NEVER))
    }

    fn get(&self) -> Option<Duration> {
        let time = self.0.load(Ordering::Relaxed);
        (time != Self::NEVER).then(|| Duration::from_nanos(time))
    }

    fn set(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(Self::NEVER - 1);
        self.0.store(nanos, Ordering::Relaxed);
    }

    fn copy(&self, other: &Self) {
        self.0
            .store(other.0.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn forget(&self) {
        self.0.store(Self::NEVER, Ordering::Relaxed);
    }
}
