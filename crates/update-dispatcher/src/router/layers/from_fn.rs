//! A layer made of an asynchronous function.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::router::request::Request;
use crate::router::service::{Answer, Route, RouteFuture};
use crate::stage::{BoxError, StageError};

/// Makes a layer of an asynchronous function: it gets the update and what comes [`Next`], and answers for it.
///
/// ```
/// use update_dispatcher::router::layers::{Next, from_fn};
/// use update_dispatcher::router::{Answer, Request};
/// use update_dispatcher::{Router, StageError};
///
/// async fn timed(request: Request, next: Next) -> Result<Answer, StageError> {
///     let route = request.route().to_owned();
///     let answer = next.run(request).await;
///     println!("{route} answered: {}", answer.is_ok());
///     answer
/// }
///
/// let router: Router = Router::new().on_text(async || ()).layer(from_fn(timed));
/// # let _ = router;
/// ```
pub fn from_fn<F, Fut>(function: F) -> FromFn<F>
where
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, StageError>> + Send + 'static,
{
    FromFn(Arc::new(function))
}

/// What [`from_fn`] makes.
#[derive(Debug)]
pub struct FromFn<F>(Arc<F>);

/// The service of [`FromFn`].
#[derive(Debug)]
pub struct FromFnService<F> {
    function: Arc<F>,
    route: Route,
}

/// What comes after a layer: the layers inside it, then the handler.
#[derive(Clone, Debug)]
pub struct Next(Route);

impl Next {
    /// Goes on with an update.
    ///
    /// # Errors
    /// When the handler fails, or a layer does.
    pub async fn run(self, request: Request) -> Result<Answer, StageError> {
        self.0.run(request).await
    }
}

impl<F, I> Layer<I> for FromFn<F>
where
    I: Service<Request> + Clone + Send + Sync + 'static,
    I::Response: Into<Answer>,
    I::Error: Into<BoxError>,
    I::Future: Send,
{
    type Service = FromFnService<F>;

    fn layer(&self, inner: I) -> FromFnService<F> {
        FromFnService {
            function: Arc::clone(&self.0),
            route: Route::of(inner),
        }
    }
}

impl<F, Fut> Service<Request> for FromFnService<F>
where
    F: Fn(Request, Next) -> Fut,
    Fut: Future<Output = Result<Answer, StageError>> + Send + 'static,
{
    type Response = Answer;
    type Error = StageError;
    type Future = RouteFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StageError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> RouteFuture {
        Box::pin((self.function)(request, Next(self.route.clone())))
    }
}

impl<F> Clone for FromFn<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F> Clone for FromFnService<F> {
    fn clone(&self) -> Self {
        Self {
            function: Arc::clone(&self.function),
            route: self.route.clone(),
        }
    }
}
