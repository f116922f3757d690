use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use crate::error::BodyFault;
use crate::watch::Watch;

/// A request's body as it comes in. It fails with [`BodyFault::TimedOut`] when it is late and with [`BodyFault::Cut`]
/// when the connection ends first; [`read_body`](crate::read_body) bounds its length.
pub struct Body {
    incoming: Incoming,
    watch: Arc<Watch>,
}

impl Body {
    pub(crate) fn new(incoming: Incoming, watch: Arc<Watch>) -> Self {
        Self { incoming, watch }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(BodyFault::Cut))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.watch.await_body(context.waker()) => Poll::Pending,
            Poll::Pending => Poll::Ready(Some(Err(BodyFault::TimedOut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.watch.body_ended();
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}
