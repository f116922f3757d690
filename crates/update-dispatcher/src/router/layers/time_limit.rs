//! A time limit for a route.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use clock::Clock;
use tower_layer::Layer;
use tower_service::Service;

use crate::router::request::Request;
use crate::router::service::{Answer, RouteFuture, failed};
use crate::stage::{BoxError, StageError};

/// Breaks a handler off that takes longer than this. The update is tried again later, and the reason names the route.
///
/// It works below the stage's own deadline ([`crate::DispatcherConfig::handler_deadline`]), which holds for all its routes.
#[derive(Clone, Debug)]
pub struct TimeLimit {
    clock: Clock,
    limit: Duration,
}

/// The service of [`TimeLimit`].
#[derive(Clone, Debug)]
pub struct TimeLimitService<I> {
    inner: I,
    limit: TimeLimit,
}

impl TimeLimit {
    /// At most so long, by this clock.
    #[must_use]
    pub const fn new(clock: Clock, limit: Duration) -> Self {
        Self { clock, limit }
    }
}

impl<I> Layer<I> for TimeLimit {
    type Service = TimeLimitService<I>;

    fn layer(&self, inner: I) -> TimeLimitService<I> {
        TimeLimitService {
            inner,
            limit: self.clone(),
        }
    }
}

impl<I> Service<Request> for TimeLimitService<I>
where
    I: Service<Request>,
    I::Response: Into<Answer>,
    I::Error: Into<BoxError>,
    I::Future: Send + 'static,
{
    type Response = Answer;
    type Error = StageError;
    type Future = RouteFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StageError>> {
        self.inner.poll_ready(context).map_err(failed)
    }

    fn call(&mut self, request: Request) -> RouteFuture {
        let TimeLimit { clock, limit } = self.limit.clone();
        let route = Arc::clone(&request.route);
        let handled = self.inner.call(request);
        Box::pin(async move {
            match clock.timeout(limit, handled).await {
                Ok(answer) => answer.map(Into::into).map_err(failed),
                Err(_) => {
                    let reason = format!("no answer of {} within {limit:?}", route.name);
                    Err(StageError::later(reason))
                }
            }
        })
    }
}
