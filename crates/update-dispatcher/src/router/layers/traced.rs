//! A span around a handler.

use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;
use tracing::instrument::{Instrument, Instrumented};

use crate::router::request::Request;

/// Runs each handler in a span `handle` that names its route, its connection, the kind of the update, its number and the
/// attempt. What the handler logs shows where it comes from. (Its field `otel.name` is what OpenTelemetry calls the span.)
#[derive(Clone, Copy, Debug, Default)]
pub struct Traced;

/// The service of [`Traced`].
#[derive(Clone, Debug)]
pub struct TracedService<I>(I);

impl<I> Layer<I> for Traced {
    type Service = TracedService<I>;

    fn layer(&self, inner: I) -> TracedService<I> {
        TracedService(inner)
    }
}

impl<I: Service<Request>> Service<Request> for TracedService<I> {
    type Response = I::Response;
    type Error = I::Error;
    type Future = Instrumented<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let incoming = &request.incoming;
        let span = tracing::info_span!(
            "handle",
            otel.name = request.route(),
            route = request.route(),
            connection = %incoming.connection,
            kind = incoming.kind.as_str(),
            seq = incoming.seq.value(),
            attempt = incoming.attempt,
        );
        self.0.call(request).instrument(span)
    }
}
