//! One connection to a receiver: one request in flight, used again while it lasts.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clock::{Clock, Elapsed};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::faults::DeliveryFault;
use crate::webhook::response::Reply;
use crate::webhook::stream::{Ended, PATIENCE, open, receive, system_text, write};
use crate::webhook::suffering;

/// What a connection tells the sender.
#[derive(Debug)]
pub(crate) enum Event {
    /// The request it carried was answered.
    Answered {
        connection: u64,
        reply: Reply,
        written: Duration,
        at: Duration,
    },
    /// It is gone; with a text if that is an error that leaves one.
    Closed {
        connection: u64,
        error: Option<String>,
        written: Option<Duration>,
        at: Duration,
    },
}

/// A request to carry, and how that fails, if it shall.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) bytes: Bytes,
    pub(super) fault: Option<DeliveryFault>,
}

/// Where a connection leads, and how it fails, if it shall.
type Way = (Option<SocketAddr>, Option<DeliveryFault>);

/// Opens a connection, then carries requests until it ends.
pub(super) async fn run(
    connection: u64,
    way: Way,
    clock: Clock,
    requests: UnboundedReceiver<Request>,
    events: UnboundedSender<Event>,
) {
    let ended = carry(connection, way, &clock, requests, &events).await;
    // The sender may be gone already.
    let _ = events.send(Event::Closed {
        connection,
        error: ended.error,
        written: ended.written,
        at: clock.elapsed(),
    });
}

async fn carry(
    connection: u64,
    (target, fault): Way,
    clock: &Clock,
    mut requests: UnboundedReceiver<Request>,
    events: &UnboundedSender<Event>,
) -> Ended {
    if let Some(fault) = fault {
        return Ended::with(suffering::refuse(target, fault, clock).await);
    }
    let mut stream = match open(target, clock).await {
        Ok(stream) => stream,
        Err(error) => return Ended::with(error),
    };
    let mut received = BytesMut::new();
    loop {
        let request = tokio::select! {
            biased;
            request = requests.recv() => request,
            ended = idle(&mut stream, &mut received, clock) => return ended,
        };
        let Some(request) = request else {
            return Ended::quietly(None);
        };
        let (written, reply) = match exchange(&mut stream, request, &mut received, clock).await {
            Ok(done) => done,
            Err(ended) => return ended,
        };
        let keep_alive = reply.keep_alive;
        let answered = Event::Answered {
            connection,
            reply,
            written,
            at: clock.elapsed(),
        };
        if events.send(answered).is_err() || !keep_alive {
            return Ended::quietly(None);
        }
    }
}

/// Writes a request and reads its answer.
async fn exchange(
    stream: &mut TcpStream,
    request: Request,
    received: &mut BytesMut,
    clock: &Clock,
) -> Result<(Duration, Reply), Ended> {
    if let Some(fault) = request.fault {
        return suffering::suffer(stream, &request.bytes, fault, clock).await;
    }
    let written = write(stream, &request.bytes, clock).await?;
    match receive(stream, received, clock).await {
        Ok(reply) => Ok((written, reply)),
        Err(error) => Err(Ended {
            error,
            written: Some(written),
        }),
    }
}

/// Ends when the receiver closes the connection, or nobody used it for a minute. Bytes that nobody asked for stay: they are
/// taken for the beginning of the next answer.
async fn idle(stream: &mut TcpStream, received: &mut BytesMut, clock: &Clock) -> Ended {
    let closed = clock.timeout(PATIENCE, async {
        loop {
            match stream.read_buf(received).await {
                Ok(0) => return Ended::quietly(None),
                Ok(_) => {}
                Err(error) => return Ended::with(system_text(&error)),
            }
        }
    });
    closed.await.unwrap_or_else(|Elapsed| Ended::quietly(None))
}
