//! What a handler asks for.

use std::future::ready;
use std::sync::Arc;

use telegram_bot_api::{ChatId, Update, UserId};

use crate::router::command::Command;
use crate::{Incoming, StageError};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// This update has no such thing: try the next route.
    NotHere,
    /// Reading it failed: the stage fails.
    Failed(StageError),
}

/// An update on its way through a router.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The update.
    pub incoming: Incoming,
    /// The command that it is, if it is one and not for another bot. One that a link carries counts as itself where the
    /// router has a route for it, and as `/start` where it has none.
    pub command: Option<Command>,
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

/// The user who caused the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender(pub UserId);

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
    Command: |request| request.command.clone();
}
