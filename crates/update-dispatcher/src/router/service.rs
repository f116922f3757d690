//! A handler as a `tower` service, and the layers around it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::router::request::Request;
use crate::stage::{BoxError, StageError, StageOutcome};

/// What comes back from a route.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It handled the update.
    Handled(StageOutcome),
    /// An argument of its handler does not apply: the next route is tried.
    NotHere,
}

/// What [`Route`] answers.
pub type RouteFuture = Pin<Box<dyn Future<Output = Result<Answer, StageError>> + Send>>;

/// A handler with its state and the layers around it, as the service that layers wrap. Cheap to clone, and always ready.
#[derive(Clone)]
pub struct Route(Arc<dyn Fn(Request) -> RouteFuture + Send + Sync>);

/// A layer that can stand around handlers: any [`tower_layer::Layer`] whose service answers as a [`Route`] does, with an
/// error of any type. Those of the `tower` crate do. There is nothing to implement.
///
/// The service is cloned for each update, as the `Service` trait wants it; that of a route is one reference more.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer around handlers",
    note = "it must be a tower Layer<Route> whose service is Clone + Send + Sync, takes a Request and answers an Answer"
)]
pub trait RouteLayer: Send + Sync + 'static {
    /// Puts the layer around a route.
    fn wrap(&self, route: Route) -> Route;
}

impl Route {
    pub(super) fn new(handle: impl Fn(Request) -> RouteFuture + Send + Sync + 'static) -> Self {
        Self(Arc::new(handle))
    }

    /// A service as a route: it is cloned for each update.
    pub(super) fn of<T>(service: T) -> Self
    where
        T: Service<Request> + Clone + Send + Sync + 'static,
        T::Response: Into<Answer>,
        T::Error: Into<BoxError>,
        T::Future: Send,
    {
        Self::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                let ready = poll_fn(|context| service.poll_ready(context)).await;
                ready.map_err(failed)?;
                let answer = service.call(request).await;
                answer.map(Into::into).map_err(failed)
            })
        })
    }

    pub(super) fn run(&self, request: Request) -> RouteFuture {
        (self.0)(request)
    }
}

impl Service<Request> for Route {
    type Response = Answer;
    type Error = StageError;
    type Future = RouteFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StageError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> RouteFuture {
        self.run(request)
    }
}

impl<L> RouteLayer for L
where
    L: Layer<Route> + Send + Sync + 'static,
    L::Service: Service<Request> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Response: Into<Answer>,
    <L::Service as Service<Request>>::Error: Into<BoxError>,
    <L::Service as Service<Request>>::Future: Send,
{
    fn wrap(&self, route: Route) -> Route {
        Route::of(self.layer(route))
    }
}

impl From<StageOutcome> for Answer {
    fn from(outcome: StageOutcome) -> Self {
        Self::Handled(outcome)
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Route")
    }
}

pub(super) fn failed(error: impl Into<BoxError>) -> StageError {
    StageError::from_boxed(error.into())
}
