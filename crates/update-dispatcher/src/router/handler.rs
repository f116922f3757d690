//! Asynchronous functions as handlers.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::router::extract::{FromIncoming, Rejection};
use crate::router::into_calls::IntoCalls;
use crate::router::request::Request;
use crate::router::service::{Answer, Route, RouteLayer};
use crate::stage::{StageError, StageOutcome};

/// An asynchronous function of up to eight arguments that can be read from an update ([`FromIncoming`]), which answers
/// calls ([`IntoCalls`]).
///
/// `M` tells the numbers of arguments apart; it is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler for a router with state `{S}`",
    note = "a handler is an async function whose arguments are FromIncoming<{S}> and that returns IntoCalls"
)]
pub trait Handler<M, S>: Sized + Send + Sync + 'static {
    /// Gives it its state.
    fn into_route(self: Arc<Self>, state: S) -> Route;

    /// Puts a layer around this handler alone; [`crate::Router::layer`] puts one around many.
    fn layer<L: RouteLayer>(self, layer: L) -> Layered<Self, L, M, S> {
        Layered {
            handler: Arc::new(self),
            layer,
            of: PhantomData,
        }
    }
}

/// A handler with a layer around it: what [`Handler::layer`] makes.
#[derive(Debug)]
pub struct Layered<H, L, M, S> {
    handler: Arc<H>,
    layer: L,
    of: PhantomData<fn() -> (M, S)>,
}

/// The `M` of a handler with a layer around it; nothing to use.
#[derive(Debug)]
pub struct Around<M>(M);

/// A handler without its type, not yet with its state.
pub(super) trait Endpoint<S>: Send + Sync {
    fn bind(&self, state: &S) -> Route;
}

/// A handler as an endpoint.
pub(super) struct Erased<H, M>(Arc<H>, PhantomData<fn() -> M>);

/// An endpoint with a layer around it.
pub(super) struct Wrapped<S> {
    pub(super) endpoint: Box<dyn Endpoint<S>>,
    pub(super) layer: Arc<dyn RouteLayer>,
}

impl<H, M> Erased<H, M> {
    pub(super) fn new(handler: H) -> Self {
        Self(Arc::new(handler), PhantomData)
    }
}

impl<H: Handler<M, S>, M: 'static, S: Clone> Endpoint<S> for Erased<H, M> {
    fn bind(&self, state: &S) -> Route {
        Arc::clone(&self.0).into_route(state.clone())
    }
}

impl<S> Endpoint<S> for Wrapped<S> {
    fn bind(&self, state: &S) -> Route {
        self.layer.wrap(self.endpoint.bind(state))
    }
}

/// It has its state, and works under any other.
impl<Any> Endpoint<Any> for Route {
    fn bind(&self, _: &Any) -> Route {
        self.clone()
    }
}

impl<H, L, M, S> Handler<Around<M>, S> for Layered<H, L, M, S>
where
    H: Handler<M, S>,
    L: RouteLayer,
    M: 'static,
    S: 'static,
{
    fn into_route(self: Arc<Self>, state: S) -> Route {
        self.layer.wrap(Arc::clone(&self.handler).into_route(state))
    }
}

fn rejected(rejection: Rejection) -> Result<Answer, StageError> {
    match rejection {
        Rejection::NotHere => Ok(Answer::NotHere),
        Rejection::Answered(outcome) => Ok(Answer::Handled(outcome)),
        Rejection::Failed(error) => Err(error),
    }
}

fn answered(request: &Request, mut outcome: StageOutcome) -> Result<Answer, StageError> {
    outcome.sessions.extend(request.slot.take()?);
    Ok(Answer::Handled(outcome))
}

macro_rules! handlers {
    ($(($($type:ident $arg:ident)*))*) => {
        $(impl<F, Fut, M, S, $($type,)*> Handler<(M, $($type,)*), S> for F
        where
            F: Fn($($type),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: IntoCalls<M>> + Send + 'static,
            S: Send + Sync + 'static,
            $($type: FromIncoming<S> + Send,)*
        {
            fn into_route(self: Arc<Self>, state: S) -> Route {
                let state = Arc::new(state);
                Route::new(move |request| {
                    let (handler, state) = (Arc::clone(&self), Arc::clone(&state));
                    Box::pin(async move {
                        // A handler of no arguments reads none.
                        let _ = &state;
                        $(let $arg = match $type::from_incoming(&request, &state).await {
                            Ok(found) => found,
                            Err(rejection) => return rejected(rejection),
                        };)*
                        let outcome = handler($($arg),*).await.into_calls()?;
                        answered(&request, outcome)
                    })
                })
            }
        })*
    };
}

handlers! {
    ()
    (A a)
    (A a B b)
    (A a B b C c)
    (A a B b C c D d)
    (A a B b C c D d E e)
    (A a B b C c D d E e G g)
    (A a B b C c D d E e G g H h)
    (A a B b C c D d E e G g H h I i)
}
