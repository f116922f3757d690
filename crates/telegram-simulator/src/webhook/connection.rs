//! One connection to a receiver: one request in flight, used again while it lasts.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clock::{Clock, Elapsed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::faults::DeliveryFault;
use crate::webhook::response::{self, Reply};
use crate::webhook::suffering;

/// How long writing, reading or idling may take.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Why a connection ended, and when the request it carried had been written.
pub(super) struct Ended {
    pub(super) error: Option<String>,
    pub(super) written: Option<Duration>,
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

pub(super) async fn open(target: Option<SocketAddr>, clock: &Clock) -> Result<TcpStream, String> {
    let target = target.ok_or("No route to host")?;
    let stream = clock
        .timeout(PATIENCE, TcpStream::connect(target))
        .await
        .map_err(|Elapsed| "Connection timed out".to_owned())?
        .map_err(|error| system_text(&error))?;
    stream
        .set_nodelay(true)
        .map_err(|error| system_text(&error))?;
    Ok(stream)
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

pub(super) async fn write(
    stream: &mut TcpStream,
    request: &[u8],
    clock: &Clock,
) -> Result<Duration, Ended> {
    match clock.timeout(PATIENCE, stream.write_all(request)).await {
        Ok(Ok(())) => Ok(clock.elapsed()),
        Ok(Err(error)) => Err(Ended::with(system_text(&error))),
        Err(Elapsed) => Err(Ended::with("Write timeout expired".to_owned())),
    }
}

/// The complete answer, or what went wrong; a connection that was closed in order leaves no text.
pub(super) async fn receive(
    stream: &mut TcpStream,
    received: &mut BytesMut,
    clock: &Clock,
) -> Result<Reply, Option<String>> {
    let answer = clock.timeout(PATIENCE, async {
        loop {
            if let Some(reply) = response::read(received).map_err(|text| Some(text.to_owned()))? {
                return Ok(reply);
            }
            match stream.read_buf(received).await {
                Ok(0) => return Err(None),
                Ok(_) => {}
                Err(error) => return Err(Some(system_text(&error))),
            }
        }
    });
    answer
        .await
        .unwrap_or_else(|Elapsed| Err(Some("Read timeout expired".to_owned())))
}

impl Ended {
    pub(super) fn with(error: String) -> Self {
        Self {
            error: Some(error),
            written: None,
        }
    }

    fn quietly(written: Option<Duration>) -> Self {
        Self {
            error: None,
            written,
        }
    }
}

/// The system's words alone, without Rust's number behind them.
fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
