//! A webhook's other end, read byte by byte: every request is handed to the test, which writes the answer.

use std::net::SocketAddr;
use std::time::Duration;

use clock::Clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// How long a test waits for what really happens, on the machine's clock.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Received>,
}

/// A request that waits for its answer.
pub(crate) struct Received {
    /// The number of the connection, from 1.
    pub(crate) connection: usize,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Value,
    reply: oneshot::Sender<String>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for connection in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, connection, sender.clone()));
            }
        });
        Self { address, requests }
    }

    pub(crate) async fn next(&mut self) -> Received {
        Clock::system()
            .timeout(DEADLINE, self.requests.recv())
            .await
            .unwrap()
            .unwrap()
    }

    /// That nothing comes while everything that is ready to run does.
    pub(crate) async fn nothing(&mut self) {
        let pause = Duration::from_millis(60);
        let came = Clock::system()
            .timeout(pause, self.requests.recv())
            .await
            .ok()
            .flatten();
        assert!(came.is_none(), "{}", came.unwrap().text);
    }
}

impl Received {
    pub(crate) fn update_id(&self) -> i64 {
        self.body["update_id"].as_i64().unwrap()
    }

    pub(crate) fn answer(self, status: &str) {
        self.raw(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
    }

    pub(crate) fn answer_with(self, status: &str, header: &str) {
        self.raw(&format!(
            "HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\n\r\n"
        ));
    }

    pub(crate) fn reply(self, content_type: &str, body: &str) {
        let length = body.len();
        self.raw(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
    }

    /// Writes these bytes; none at all closes the connection.
    pub(crate) fn raw(self, bytes: &str) {
        self.reply.send(bytes.to_owned()).unwrap();
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    requests: mpsc::UnboundedSender<Received>,
) {
    let mut text = String::new();
    loop {
        let Some((head, body)) = read(&mut stream, &mut text).await else {
            return;
        };
        let (reply, answer) = oneshot::channel();
        let received = Received {
            connection,
            body: serde_json::from_str(&body).unwrap(),
            head,
            text: body,
            reply,
        };
        requests.send(received).unwrap();
        let Ok(answer) = answer.await else { return };
        if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, text: &mut String) -> Option<(String, String)> {
    loop {
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            let length: usize = length.unwrap().parse().unwrap();
            if rest.len() >= length {
                let taken = (head.to_owned(), rest[..length].to_owned());
                *text = rest[length..].to_owned();
                return Some(taken);
            }
        }
        let mut bytes = vec![0; 16_384];
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => text.push_str(std::str::from_utf8(&bytes[..count]).unwrap()),
        }
    }
}
