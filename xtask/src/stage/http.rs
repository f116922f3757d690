//! A small HTTP/1.1 client for addresses on this machine: one request, one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The longest that any answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A request; nothing is sent before [`Request::send`].
pub(crate) struct Request<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("Content-Type", "application/json")
    }

    /// Sends it and reads the whole answer, whatever its status.
    pub(crate) fn send(&self, to: SocketAddr) -> Result<Answer> {
        let asked = || format!("{} {} at {to}", self.method, self.path);
        let mut stream = TcpStream::connect_timeout(&to, DEADLINE)
            .with_context(|| format!("{}: no connection", asked()))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        stream
            .write_all(&self.bytes(to))
            .with_context(|| format!("{}: cut off", asked()))?;
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .with_context(|| format!("{}: no answer", asked()))?;
        Answer::read(&answer).with_context(asked)
    }

    fn bytes(&self, to: SocketAddr) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        [head.as_bytes(), &self.body].concat()
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Result<Self> {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .context("the answer has no end of its head")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.context("the answer has no status")?;
        let body = &bytes[end + 4..];
        let is_chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        let body = if is_chunked {
            dechunked(body)?
        } else {
            body.to_vec()
        };
        Ok(Self { status, head, body })
    }

    /// The body as JSON; an error unless the request succeeded.
    pub(crate) fn json(&self) -> Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("{}: {}", self.status, self.text());
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn dechunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest
            .windows(2)
            .position(|two| two == b"\r\n")
            .context("a chunk has no length")?;
        let length = String::from_utf8_lossy(&rest[..line]).into_owned();
        let length = length
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let length = usize::from_str_radix(&length, 16).context("a chunk's length is no number")?;
        if length == 0 {
            return Ok(body);
        }
        let chunk = rest
            .get(line + 2..line + 2 + length)
            .context("a chunk is cut off")?;
        body.extend_from_slice(chunk);
        rest = rest
            .get(line + 4 + length..)
            .context("a chunk has no end")?;
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use serde_json::json;

    use super::*;

    /// Answers one request with these bytes; returns what was asked.
    fn once(answer: &'static str) -> (SocketAddr, thread::JoinHandle<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![0; 4_096];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (address, asked)
    }

    #[test]
    fn a_body_with_a_length_is_read() {
        let (address, asked) = once("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":1}");
        let answer = Request::new("PUT", "/x")
            .header("A", "b")
            .json(&json!({"c": 2}))
            .send(address)
            .unwrap();
        assert_eq!(answer.json().unwrap(), json!({"a": 1}));
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("PUT /x HTTP/1.1\r\n"), "{asked}");
        assert!(
            asked.ends_with("Content-Length: 7\r\n\r\n{\"c\":2}"),
            "{asked}"
        );
    }

    #[test]
    fn chunks_are_joined() {
        let (address, _) = once(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2;x\r\n2]\r\n0\r\n\r\n",
        );
        assert_eq!(
            Request::new("GET", "/")
                .send(address)
                .unwrap()
                .json()
                .unwrap(),
            json!([1, 2])
        );
    }

    #[test]
    fn refusals_and_silence_are_told_apart() {
        let (address, _) = once("HTTP/1.1 404 Not Found\r\n\r\n");
        let answer = Request::new("GET", "/").send(address).unwrap();
        assert_eq!((answer.status, answer.body.len()), (404, 0));
        assert!(answer.json().is_err());
        let (address, _) = once("");
        assert!(Request::new("GET", "/").send(address).is_err());
    }
}
