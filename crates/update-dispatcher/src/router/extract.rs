//! What a handler asks for.

use std::future::ready;
use std::str::FromStr;
use std::sync::Arc;

use telegram_bot_api::{ChatId, Update, UserId};

use crate::router::command::Command;
use crate::router::into_calls::IntoCalls;
use crate::router::request::Request;
use crate::{Incoming, StageError, StageOutcome};

/// Something that a handler takes as an argument: read from the update, or from the router's state.
///
/// Where it does not apply the route does not match, and the next one is tried.
pub trait FromIncoming<S>: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`Rejection`] when it does not apply, or could not be read.
    fn from_incoming(
        request: &Request,
        state: &S,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send;
}

/// Why an argument of a handler is not there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// This update has no such thing: try the next route.
    NotHere,
    /// There is an answer already: the handler is not called, and no other route is tried.
    Answered(StageOutcome),
    /// Reading it failed: the stage fails.
    Failed(StageError),
}

impl Rejection {
    /// Answers in place of the handler, with anything that a handler may return: "Only admins may do this."
    pub fn answer<M>(instead: impl IntoCalls<M>) -> Self {
        match instead.into_calls() {
            Ok(outcome) => Self::Answered(outcome),
            Err(error) => Self::Failed(error),
        }
    }
}

/// So that `?` works where an argument of your own is read.
impl<E: Into<StageError>> From<E> for Rejection {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The router's state, or a part of it: whatever [`FromRef`] makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<T>(pub T);

/// A part of a state. Every state that can be cloned is a part of itself.
pub trait FromRef<S> {
    /// Takes the part.
    fn from_ref(state: &S) -> Self;
}

/// The chat that the update belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chat(pub ChatId);

/// The user who caused the update; [`crate::router::Author`] has the name too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender(pub UserId);

/// What stands behind what the route has matched ([`Request::rest`]), read as a `T`: the number in `/order 42`, and behind
/// `order:` in a button's data `order:42`. Where it cannot be read as one, the next route is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args<T>(pub T);

/// What a link carried: the payload of `https://t.me/<bot>?start=<payload>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeepLink(pub String);

impl<T: Clone> FromRef<T> for T {
    fn from_ref(state: &T) -> T {
        state.clone()
    }
}

impl<S: Sync, T: FromRef<S> + Send> FromIncoming<S> for State<T> {
    async fn from_incoming(_: &Request, state: &S) -> Result<Self, Rejection> {
        Ok(Self(T::from_ref(state)))
    }
}

/// [`None`] where it does not apply: so the route matches all the same.
impl<S: Sync, T: FromIncoming<S> + Send> FromIncoming<S> for Option<T> {
    async fn from_incoming(request: &Request, state: &S) -> Result<Self, Rejection> {
        match T::from_incoming(request, state).await {
            Ok(found) => Ok(Some(found)),
            Err(Rejection::NotHere) => Ok(None),
            Err(failed) => Err(failed),
        }
    }
}

impl<S: Sync, T: FromStr + Send> FromIncoming<S> for Args<T> {
    async fn from_incoming(request: &Request, _: &S) -> Result<Self, Rejection> {
        let rest = request.rest().and_then(|rest| rest.trim().parse().ok());
        rest.map(Self).ok_or(Rejection::NotHere)
    }
}

macro_rules! reads {
    ($($type:ty: $read:expr;)*) => {
        $(impl<S> FromIncoming<S> for $type {
            fn from_incoming(
                request: &Request,
                _: &S,
            ) -> impl Future<Output = Result<Self, Rejection>> + Send {
                let read: fn(&Request) -> Option<Self> = $read;
                ready(read(request).ok_or(Rejection::NotHere))
            }
        })*
    };
}

reads! {
    Incoming: |request| Some(request.incoming.clone());
    Arc<Update>: |request| Some(Arc::clone(&request.incoming.update));
    Chat: |request| request.incoming.update.chat().map(Chat);
    Sender: |request| request.incoming.update.user().map(Sender);
    Command: |request| request.command.as_deref().cloned();
    DeepLink: |request| request.payload().map(|payload| DeepLink(payload.to_owned()));
    Request: |request| Some(request.clone());
}
