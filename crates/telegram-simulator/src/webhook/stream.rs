//! The steps of a connection: it is opened, written to, read from, each within a minute.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use clock::{Clock, Elapsed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::webhook::response::{self, Reply};

/// How long writing, reading or idling may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Why a connection ended, and when the request it carried had been written.
pub(super) struct Ended {
    pub(super) error: Option<String>,
    pub(super) written: Option<Duration>,
}

impl Ended {
    pub(super) fn with(error: String) -> Self {
        Self {
            error: Some(error),
            written: None,
        }
    }

    pub(super) fn quietly(written: Option<Duration>) -> Self {
        Self {
            error: None,
            written,
        }
    }
}

/// A connection that stands, or the text of what went wrong.
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

/// Answers when the request had been written.
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

/// The system's words alone, without Rust's number behind them.
pub(super) fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
