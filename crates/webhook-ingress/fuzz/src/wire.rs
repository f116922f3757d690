//! A connection in memory: what the peer sends, in the packets it sends it in, and what it is told.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The server's end.
pub(crate) struct Wire(pub(crate) Rc<RefCell<Peer>>);

/// The peer's end.
#[derive(Default)]
pub(crate) struct Peer {
    pub(crate) packets: VecDeque<Vec<u8>>,
    /// Says nothing more when all is sent, instead of closing.
    pub(crate) falls_silent: bool,
    pub(crate) told: Vec<u8>,
    /// Requests that the service has not answered.
    in_flight: usize,
    /// The service waits for more of a body.
    wants_body: bool,
    /// All is sent, and the server waits for more.
    pub(crate) starved: bool,
    /// The server was told once that nothing has come, so it has had the time to begin what it has read.
    hesitated: bool,
    /// Who reads, and was told to wait for the service.
    reader: Option<Waker>,
}

impl Peer {
    pub(crate) fn new(packets: VecDeque<Vec<u8>>, falls_silent: bool) -> Self {
        Self {
            packets,
            falls_silent,
            ..Self::default()
        }
    }

    /// The service has a request.
    pub(crate) fn asks(&mut self) {
        self.in_flight += 1;
    }

    /// The service has answered, or nobody wants its answer any more.
    pub(crate) fn is_answered(&mut self) {
        self.in_flight -= 1;
        self.body_is_wanted(false);
    }

    pub(crate) fn body_is_wanted(&mut self, wanted: bool) {
        self.wants_body = wanted;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut peer = self.0.borrow_mut();
        if let Some(packet) = peer.packets.front_mut() {
            let fits = packet.len().min(buffer.remaining());
            buffer.put_slice(&packet[..fits]);
            packet.drain(..fits);
            if packet.is_empty() {
                peer.packets.pop_front();
            }
            // A packet at a time, as from a socket.
            return Poll::Ready(Ok(()));
        }
        if peer.in_flight > 0 && !peer.wants_body {
            // A peer that leaves now would not hear the answer that the checks are about.
            peer.reader = Some(context.waker().clone());
            peer.hesitated = false;
            return Poll::Pending;
        }
        if !std::mem::replace(&mut peer.hesitated, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if peer.falls_silent {
            peer.starved = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().told.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
