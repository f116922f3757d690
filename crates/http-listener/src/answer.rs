use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};

use crate::watch::Watch;

/// An answer's body on its way out. Its end begins the connection's idle time.
pub(crate) struct Answer<B> {
    /// None of nobody's: an answer that no service has made.
    body: Option<B>,
    watch: Arc<Watch>,
}

impl<B> Answer<B> {
    pub(crate) fn new(body: B, watch: Arc<Watch>) -> Self {
        Self {
            body: Some(body),
            watch,
        }
    }

    pub(crate) fn empty(watch: Arc<Watch>) -> Self {
        Self { body: None, watch }
    }
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.as_ref().map(Body::size_hint);
        hint.unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

impl<B> Drop for Answer<B> {
    fn drop(&mut self) {
        self.watch.answer_ended();
    }
}
