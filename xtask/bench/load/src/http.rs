//! A question over HTTP and its answer, on a connection of its own: for what is not measured.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::answer::{Answer, head_length};

/// What `GET` answers: the status and the body.
pub(crate) fn get(server: SocketAddr, path: &str) -> Result<(u16, String)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    let answer = ask(server, request.as_bytes())?;
    let status = Answer::read(&answer).map_or(0, |answer| answer.status);
    let head = head_length(&answer).context("the answer is cut")?;
    Ok((
        status,
        String::from_utf8_lossy(&answer[head..]).into_owned(),
    ))
}

/// The status that answers this request, on a connection that is closed at once.
pub(crate) fn status(server: SocketAddr, request: &[u8]) -> Result<u16> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request)?;
    let mut answer = [0; 1_024];
    let length = stream.read(&mut answer)?;
    Ok(Answer::read(&answer[..length])
        .context("the answer is cut")?
        .status)
}

/// Sends these bytes and answers all that comes back until the server closes.
fn ask(server: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
