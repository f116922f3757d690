//! The body of a request, and what is known of it after it was given to hyper.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::multipart::Multipart;
use crate::Error;

/// What hyper sends.
pub(super) struct RequestBody {
    content: Content,
    fate: Arc<Fate>,
}

enum Content {
    Json(Bytes),
    Multipart(Multipart),
}

/// What became of a body.
#[derive(Default)]
pub(super) struct Fate {
    begun: AtomicBool,
    fault: Mutex<Option<Error>>,
}

impl Fate {
    /// Whether anything of the request may have been sent. hyper asks for the body before it writes the first byte of
    /// the head, so a body that nobody asked for belongs to a request that nobody saw.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Why the body broke off, if it did.
    pub(super) fn take_fault(&self) -> Option<Error> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take()
    }
}

impl RequestBody {
    pub(super) fn json(text: Bytes) -> Self {
        Self::new(Content::Json(text))
    }

    pub(super) fn multipart(parts: Multipart) -> Self {
        Self::new(Content::Multipart(parts))
    }

    pub(super) fn fate(&self) -> Arc<Fate> {
        Arc::clone(&self.fate)
    }

    fn new(content: Content) -> Self {
        let fate = Arc::default();
        Self { content, fate }
    }

    fn left(&self) -> Option<u64> {
        match &self.content {
            Content::Json(text) => Some(text.len() as u64),
            Content::Multipart(parts) => parts.left(),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        this.fate.begun.store(true, Ordering::Release);
        let chunk = match &mut this.content {
            Content::Json(text) => {
                let text = std::mem::take(text);
                Poll::Ready((!text.is_empty()).then_some(Ok(text)))
            }
            Content::Multipart(parts) => parts.poll_chunk(context),
        };
        chunk.map(|chunk| {
            chunk.map(|chunk| {
                chunk.map(Frame::data).map_err(|fault| {
                    let mut place = this
                        .fate
                        .fault
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    *place = Some(fault);
                    io::Error::other("the body broke off")
                })
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left()
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
