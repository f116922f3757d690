//! How far a connection's present request has come, and when it will be too late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use clock::Clock;

use crate::Limits;

pub(crate) struct Watch {
    clock: Clock,
    limits: Limits,
    state: Mutex<State>,
    /// A head has come that says in two ways how long its body is.
    conflict: AtomicBool,
}

struct State {
    phase: Phase,
    /// Since when an answer waits for the peer to take some of it.
    stalled: Option<Duration>,
    /// Who waits for the body.
    reader: Option<Waker>,
    /// Whether the service has answered a request with success.
    proven: bool,
}

/// Times are readings of the clock's [`Clock::elapsed`].
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing of a request has come.
    Waiting { fresh: bool, since: Duration },
    /// Some of a head has come.
    Head { began: Duration },
    /// The service has the request and may read its body.
    Body {
        began: Duration,
        head_ended: Duration,
    },
    /// The body did not come in time; the service may still answer.
    BodyLate { began: Duration },
    /// The body is read or given up.
    Handling { began: Duration },
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
        let since = clock.elapsed();
        Self {
            clock,
            limits,
            state: Mutex::new(State {
                phase: Phase::Waiting { fresh: true, since },
                stalled: None,
                reader: None,
                proven: false,
            }),
            conflict: AtomicBool::new(false),
        }
    }

    /// When the next deadline is, by the clock's [`Clock::elapsed`].
    pub(crate) fn due(&self) -> Option<Duration> {
        let state = self.state();
        let of_phase = state.due(&self.limits);
        let of_stall = state.stalled.map(|since| since + self.limits.write_stall);
        match (of_phase, of_stall) {
            (Some(phase), Some(stall)) => Some(phase.min(stall)),
            (phase, stall) => phase.or(stall),
        }
    }

    /// To be called when a deadline has passed: what is over. `None` when a late body was told so and the rest goes on, or
    /// when the request has moved on meanwhile.
    pub(crate) fn passed(&self) -> Option<Late> {
        let mut state = self.state();
        let now = self.clock.elapsed();
        let stalled = state
            .stalled
            .is_some_and(|since| since + self.limits.write_stall <= now);
        let phase_over = state.due(&self.limits).is_some_and(|due| due <= now);
        match state.phase {
            _ if stalled => Some(Late::Request),
            _ if !phase_over => None,
            Phase::Waiting { .. } => Some(Late::Idle),
            Phase::Head { .. } => Some(Late::Head),
            Phase::Body { began, .. } if began + self.limits.request_deadline > now => {
                state.phase = Phase::BodyLate { began };
                if let Some(reader) = state.reader.take() {
                    reader.wake();
                }
                None
            }
            Phase::Body { .. } | Phase::BodyLate { .. } | Phase::Handling { .. } => {
                Some(Late::Request)
            }
            Phase::Answering => None,
        }
    }

    pub(crate) fn bytes_came(&self) {
        let mut state = self.state();
        if let Phase::Waiting { .. } = state.phase {
            let began = self.clock.elapsed();
            state.phase = Phase::Head { began };
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
        let mut state = self.state();
        let head_ended = self.clock.elapsed();
        let began = match state.phase {
            Phase::Head { began } => began,
            // The head came along with the request before.
            _ => head_ended,
        };
        state.phase = Phase::Body { began, head_ended };
    }

    /// Whether the body may still come; then the reader is woken when it is late.
    pub(crate) fn await_body(&self, reader: &Waker) -> bool {
        let mut state = self.state();
        if let Phase::BodyLate { .. } = state.phase {
            return false;
        }
        match &mut state.reader {
            Some(known) => known.clone_from(reader),
            unknown => *unknown = Some(reader.clone()),
        }
        true
    }

    pub(crate) fn body_ended(&self) {
        let mut state = self.state();
        state.reader = None;
        if let Phase::Body { began, .. } | Phase::BodyLate { began } = state.phase {
            state.phase = Phase::Handling { began };
        }
    }

    pub(crate) fn answered(&self, well: bool) {
        let mut state = self.state();
        state.phase = Phase::Answering;
        state.proven |= well;
    }

    pub(crate) fn answer_ended(&self) {
        let mut state = self.state();
        let since = self.clock.elapsed();
        state.phase = Phase::Waiting {
            fresh: false,
            since,
        };
    }

    pub(crate) fn write_waits(&self, waits: bool) {
        let mut state = self.state();
        match (waits, state.stalled) {
            (true, None) => state.stalled = Some(self.clock.elapsed()),
            (false, Some(_)) => state.stalled = None,
            _ => {}
        }
    }

    /// Whether not one byte has ever come.
    pub(crate) fn is_fresh(&self) -> bool {
        matches!(self.state().phase, Phase::Waiting { fresh: true, .. })
    }

    /// Whether no service has the request, if there is one at all.
    pub(crate) fn is_before_request(&self) -> bool {
        matches!(
            self.state().phase,
            Phase::Waiting { .. } | Phase::Head { .. }
        )
    }

    pub(crate) fn is_in_head(&self) -> bool {
        matches!(self.state().phase, Phase::Head { .. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn due(&self, limits: &Limits) -> Option<Duration> {
        Some(match self.phase {
            Phase::Waiting { fresh: true, since } => since + limits.header_deadline,
            Phase::Waiting { since, .. } if self.proven => since + limits.idle,
            Phase::Waiting { since, .. } => since + limits.idle_unproven,
            Phase::Head { began } => began + limits.header_deadline,
            Phase::Body { began, head_ended } => {
                (began + limits.request_deadline).min(head_ended + limits.body_deadline)
            }
            Phase::BodyLate { began } | Phase::Handling { began } => {
                began + limits.request_deadline
            }
            Phase::Answering => return None,
        })
    }
}
