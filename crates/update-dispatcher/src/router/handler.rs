//! Asynchronous functions as handlers.

use std::marker::PhantomData;
use std::pin::Pin;

use crate::StageOutcome;
use crate::router::extract::{FromIncoming, Rejection, Request};
use crate::router::into_calls::IntoCalls;

/// What a handler answers; a rejection when it was not called, or failed.
pub type HandlerFuture<'a> =
    Pin<Box<dyn Future<Output = Result<StageOutcome, Rejection>> + Send + 'a>>;

/// An asynchronous function of up to eight arguments that can be read from an update ([`FromIncoming`]), which answers
/// calls ([`IntoCalls`]).
///
/// `M` tells the numbers of arguments apart; it is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler for a router with state `{S}`",
    note = "a handler is an async function whose arguments are FromIncoming<{S}> and that returns IntoCalls"
)]
pub trait Handler<M, S>: Send + Sync + 'static {
    /// Reads the arguments and calls the function.
    fn call<'a>(&'a self, request: &'a Request, state: &'a S) -> HandlerFuture<'a>;
}

/// A handler without its type.
pub(super) trait Endpoint<S>: Send + Sync {
    fn call<'a>(&'a self, request: &'a Request, state: &'a S) -> HandlerFuture<'a>;
}

/// A handler as an endpoint.
pub(super) struct Erased<H, M>(H, PhantomData<fn() -> M>);

/// An endpoint with its state: it works under any other.
pub(super) struct WithState<S> {
    pub(super) endpoint: Box<dyn Endpoint<S>>,
    pub(super) state: S,
}

impl<H, M> Erased<H, M> {
    pub(super) const fn new(handler: H) -> Self {
        Self(handler, PhantomData)
    }
}

impl<H: Handler<M, S>, M: 'static, S> Endpoint<S> for Erased<H, M> {
    fn call<'a>(&'a self, request: &'a Request, state: &'a S) -> HandlerFuture<'a> {
        self.0.call(request, state)
    }
}

impl<S: Send + Sync, Any> Endpoint<Any> for WithState<S> {
    fn call<'a>(&'a self, request: &'a Request, _: &'a Any) -> HandlerFuture<'a> {
        self.endpoint.call(request, &self.state)
    }
}

macro_rules! handlers {
    ($(($($type:ident $arg:ident)*))*) => {
        $(impl<F, Fut, M, S, $($type,)*> Handler<(M, $($type,)*), S> for F
        where
            F: Fn($($type),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: IntoCalls<M>> + Send + 'static,
            S: Sync,
            $($type: FromIncoming<S> + Send,)*
        {
            fn call<'a>(&'a self, request: &'a Request, state: &'a S) -> HandlerFuture<'a> {
                Box::pin(async move {
                    // A handler of no arguments reads neither.
                    let _ = (request, state);
                    $(let $arg = $type::from_incoming(request, state).await?;)*
                    let answer = self($($arg),*).await;
                    answer.into_calls().map_err(Rejection::Failed)
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
