//! Takes connections from the operating system, and waits a little when it has none to give.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clock::Clock;
use tokio::net::{TcpListener, TcpStream};

/// The next connection.
pub(crate) async fn next(socket: &TcpListener, clock: &Clock) -> (TcpStream, SocketAddr) {
    let mut pause = FIRST_PAUSE;
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => {
                // Answers are one small write each: waiting for more to send would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "set_nodelay failed");
                }
                return (stream, peer);
            }
            // The peer left before it was accepted.
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, pause_ms = pause.as_millis(), "cannot accept connections");
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Out of file descriptors, say: asking again at once would only burn the processor.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
