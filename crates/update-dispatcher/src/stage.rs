//! One step of handling an update.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use telegram_bot_api::{Call, UpdateKind};

use crate::incoming::Incoming;
use crate::perform::RetryWhen;
use crate::session::SessionChange;

/// What [`Stage::handle`] answers, boxed so that stages of many types can stand in one list.
pub type StageFuture<'a> =
    Pin<Box<dyn Future<Output = Result<StageOutcome, StageError>> + Send + 'a>>;

/// One step of handling an update: compiled-in handlers, a project's replies, its forward.
///
/// A stage does not call Telegram: it returns calls as values, and the dispatcher makes them one after the other and
/// remembers how far it came. Calls that a stage makes by itself are its own affair: they are repeated with every attempt.
///
/// After a restart a stage runs again when its calls were not all done, and as many of its calls as were done are
/// skipped. So it should answer the same calls in the same order for the same update.
pub trait Stage: Send + Sync + 'static {
    /// What operators call it: it stands before the reason of a failure.
    fn name(&self) -> &str;

    /// How long it may take, where that differs from [`crate::DispatcherConfig::handler_deadline`].
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Whether updates of this kind are any of its business. Those that no stage wants to see are not even read in full.
    fn concerns(&self, kind: &UpdateKind) -> bool {
        let _ = kind;
        true
    }

    /// Handles an update.
    ///
    /// # Errors
    /// The future answers [`StageError`] when the update could not be handled; it says whether to try again.
    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a>;
}

/// An error of any type, as layers of the `tower` crate answer it.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What a stage wants done.
#[derive(Clone, Debug, PartialEq)]
pub struct StageOutcome {
    /// The calls to make, in this order.
    pub calls: Vec<Call>,
    /// Whether the stages after it still see the update.
    pub flow: Flow,
    /// What is to be remembered of the lane. The router fills it in ([`crate::router::Session`]).
    pub sessions: Vec<SessionChange>,
}

/// Whether the stages after this one still see the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// They do.
    Continue,
    /// They do not.
    End,
}

/// Why a stage could not handle an update.
///
/// Made from any error with `?`: what it and its sources say becomes the reason, which is stored and shown to operators.
/// It is not an error type itself, so that this conversion can exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageError {
    /// Why, in a sentence without secrets.
    pub reason: String,
    /// Whether to try again. [`RetryWhen::Never`] makes the update a dead letter.
    pub retry: RetryWhen,
}

impl StageOutcome {
    /// Nothing to do, and the next stage sees the update: what a stage answers that does not care for it.
    #[must_use]
    pub const fn pass() -> Self {
        Self::go_on(Vec::new())
    }

    /// Makes these calls, and the next stage sees the update too.
    #[must_use]
    pub const fn go_on(calls: Vec<Call>) -> Self {
        Self {
            calls,
            flow: Flow::Continue,
            sessions: Vec::new(),
        }
    }

    /// Makes these calls, and the update is handled.
    #[must_use]
    pub const fn end(calls: Vec<Call>) -> Self {
        Self {
            calls,
            flow: Flow::End,
            sessions: Vec::new(),
        }
    }
}

impl StageError {
    /// Try again later, as the back-off says.
    #[must_use]
    pub fn later(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            retry: RetryWhen::Later,
        }
    }

    /// Do not try again.
    #[must_use]
    pub fn fatal(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            retry: RetryWhen::Never,
        }
    }
}

impl StageError {
    /// Of an error that a layer answered: it may be ours, on its way back.
    pub(crate) fn from_boxed(error: BoxError) -> Self {
        match error.downcast::<Carried>() {
            Ok(carried) => carried.0,
            Err(other) => Self::later(reason_of(&*other)),
        }
    }
}

impl<E: Error> From<E> for StageError {
    fn from(error: E) -> Self {
        Self::later(reason_of(&error))
    }
}

/// For layers that answer errors of any type.
impl From<StageError> for BoxError {
    fn from(error: StageError) -> Self {
        Box::new(Carried(error))
    }
}

/// A [`StageError`] while it goes through layers.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Carried(StageError);

/// What an error and its sources say.
fn reason_of(error: &dyn Error) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason.push_str(": ");
        reason.push_str(&cause.to_string());
        source = cause.source();
    }
    reason
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
