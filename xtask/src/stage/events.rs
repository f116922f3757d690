//! Somebody who hears of bots: takes the platform's events, believes those that are signed, and writes down when they came.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::openssl::OpenSsl;
use super::process::eventually;

/// The longest that the sender of an event may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// More than any event has.
const LARGEST: usize = 64 * 1_024;

/// A service that hears of bots. It listens as long as this process lives.
pub(crate) struct Events {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

/// An event whose signature is right.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) project: String,
    /// Of a change of status: `healthy` or `degraded`.
    pub(crate) status: Option<String>,
    pub(crate) reason: Option<String>,
    /// When the last byte of it was here.
    pub(crate) at: Instant,
    /// The whole body.
    pub(crate) text: String,
}

#[derive(Default)]
struct Book {
    secret: String,
    events: Vec<Event>,
    refused: Option<String>,
}

impl Events {
    pub(crate) fn listen(openssl: OpenSsl) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (openssl, book) = (openssl.clone(), Arc::clone(&shared));
                thread::spawn(move || serve(&stream, &openssl, &book));
            }
        });
        Ok(Self { address, book })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// From now on events must be signed with this.
    pub(crate) fn expect_secret(&self, secret: &str) {
        secret.clone_into(&mut look(&self.book).secret);
    }

    pub(crate) fn secret(&self) -> String {
        look(&self.book).secret.clone()
    }

    /// Everything so far, in the order in which it came; an error when something came that is no event, or that is signed wrongly.
    pub(crate) fn all(&self) -> Result<Vec<Event>> {
        let book = look(&self.book);
        match &book.refused {
            Some(why) => bail!("an event was refused: {why}"),
            None => Ok(book.events.clone()),
        }
    }

    /// How many came so far: from where to look for those that are to come.
    pub(crate) fn count(&self) -> usize {
        look(&self.book).events.len()
    }

    /// The first change of this project's status from that place on, once it is here.
    pub(crate) fn status_change(
        &self,
        project: &str,
        from: usize,
        within: Duration,
    ) -> Result<Event> {
        eventually(
            &format!("project.bot.status_changed of {project}"),
            within,
            || {
                let events = self.all()?.into_iter().skip(from);
                let mut events = events.filter(|event| event.project == project);
                Ok(events.find(|event| event.status.is_some()))
            },
        )
    }
}

fn look(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one event. Whatever is wrong with it is kept for whoever looks next, and the sender is told so too. What does not come whole
/// is no event: its sender may have been killed.
fn serve(mut stream: &TcpStream, openssl: &OpenSsl, book: &Mutex<Book>) {
    let Ok((head, body)) = request(stream) else {
        return;
    };
    let at = Instant::now();
    let secret = look(book).secret.clone();
    let status = match event(&head, &body, at, openssl, &secret) {
        Ok(event) => {
            look(book).events.push(event);
            "204 No Content"
        }
        Err(error) => {
            look(book).refused.get_or_insert(format!("{error:#}"));
            "400 Bad Request"
        }
    };
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n");
    // A sender that is gone sends it again.
    let _ = stream.write_all(answer.as_bytes());
}

fn event(head: &str, body: &[u8], at: Instant, openssl: &OpenSsl, secret: &str) -> Result<Event> {
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut lines = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = lines.next().map(|(_, value)| value.trim());
        value.with_context(|| format!("it has no {name}"))
    };
    ensure!(head.starts_with("POST /events "), "it is no POST to here");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    openssl.verify(header("MP-Signature")?, secret, body, now.as_secs())?;
    let told: Value = serde_json::from_slice(body).context("its body is no JSON")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let event = Event {
        id: text(&told["id"]).context("it has no id")?,
        kind: text(&told["type"]).context("it has no type")?,
        project: text(&told["project_id"]).context("it has no project")?,
        status: text(&told["data"]["status"]),
        reason: text(&told["data"]["reason"]),
        at,
        text: format!("{head}\n{}", String::from_utf8_lossy(body)),
    };
    ensure!(
        event.id == header("MP-Event-Id")? && event.kind == header("MP-Event-Name")?,
        "its headers name another event than its body"
    );
    Ok(event)
}

/// A request's head and body.
fn request(mut stream: &TcpStream) -> Result<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut bytes, mut part) = (Vec::new(), [0; 4_096]);
    loop {
        if let Some((head, body)) = parted(&bytes)? {
            return Ok((head, body));
        }
        ensure!(bytes.len() <= LARGEST, "it is too long");
        let read = stream.read(&mut part).context("it did not come whole")?;
        ensure!(read > 0, "it was cut off");
        bytes.extend_from_slice(&part[..read]);
    }
}

/// Head and body, when both are here.
fn parted(bytes: &[u8]) -> Result<Option<(String, Vec<u8>)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(key, _)| key.eq_ignore_ascii_case("content-length"));
    let (_, length) = lengths.next().context("it does not say its length")?;
    let length: usize = length.trim().parse().context("its length is no number")?;
    let body = bytes[end + 4..].get(..length);
    Ok(body.map(|body| (head.clone(), body.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_parted_when_all_of_it_is_here() {
        let bytes = b"POST /events HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        let (head, body) = parted(bytes).unwrap().unwrap();
        assert!(head.ends_with("Content-Length: 2"), "{head}");
        assert_eq!(body, b"{}");
        assert!(parted(&bytes[..bytes.len() - 1]).unwrap().is_none());
        assert!(parted(b"POST /events").unwrap().is_none());
        assert!(parted(b"POST / HTTP/1.1\r\n\r\n").is_err());
    }

    #[test]
    fn what_is_not_signed_is_refused_and_remembered() {
        let events = Events::listen(OpenSsl::find().unwrap()).unwrap();
        events.expect_secret("whsec_x");
        assert!(events.all().unwrap().is_empty());
        let answer = super::super::http::Request::new("POST", "/events")
            .header("MP-Signature", "t=1,v1=0")
            .json(&serde_json::json!({}))
            .send(events.address)
            .unwrap();
        assert_eq!(answer.status, 400);
        let refused = events.all().unwrap_err().to_string();
        assert!(refused.contains("made at 1"), "{refused}");
    }
}
