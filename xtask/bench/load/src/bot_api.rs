//! What stands for Telegram's Bot API: it answers every call at once, and notes when it came.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use anyhow::{Result, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;

use crate::answer::{body_length, head_length};

/// A call that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    /// 0 when it names none.
    pub(crate) chat_id: u64,
    pub(crate) is_message: bool,
    /// Whom a greeting names, when that is a number; else 0.
    pub(crate) name: u64,
}

/// Serves only while [`Self::serve`] is called, on the thread of the load.
pub(crate) struct BotApi {
    epoll: OwnedFd,
    listener: TcpListener,
    wires: Vec<Wire>,
    /// Of messages to this chat each is left unanswered.
    pub(crate) hangs: Option<u64>,
    /// Of messages to this chat each fails.
    pub(crate) fails: Option<u64>,
    /// How many hung or failed.
    pub(crate) troubled: [u64; 2],
    /// What waits for an answer, by its wire.
    hanging: Vec<(usize, Call)>,
}

struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

const LISTENER: u64 = u64::MAX;
const NO_ROOM: &str = "an answer of the Bot API did not fit into its socket";
const FAILURE: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 67\r\n\r\n\
    {\"ok\":false,\"error_code\":500,\"description\":\"Internal Server Error\"}";

impl BotApi {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(
            &epoll,
            &listener,
            EventData::new_u64(LISTENER),
            EventFlags::IN,
        )?;
        Ok(Self {
            epoll,
            listener,
            wires: Vec::new(),
            hangs: None,
            fails: None,
            troubled: [0; 2],
            hanging: Vec::new(),
        })
    }

    /// From now on everything is answered well, also what hangs.
    pub(crate) fn recover(&mut self) -> Result<()> {
        (self.hangs, self.fails) = (None, None);
        for (wire, call) in std::mem::take(&mut self.hanging) {
            match self.wires[wire].stream.write(&call.answer()) {
                // Who gave up has gone.
                Err(error) if error.kind() != ErrorKind::WouldBlock => {}
                written => ensure!(written? > 0, NO_ROOM),
            }
        }
        Ok(())
    }

    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Readable when there is something to serve.
    pub(crate) fn signal(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Answers what has come, and appends it to `calls`.
    pub(crate) fn serve(&mut self, calls: &mut Vec<Call>) -> Result<()> {
        let mut events = Vec::with_capacity(64);
        poll(&self.epoll, &mut events, &Timespec::default())?;
        for event in events {
            match event.data.u64() {
                LISTENER => self.accept()?,
                wire => self.read(usize::try_from(wire)?, calls)?,
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        let (stream, _) = match self.listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let data = EventData::new_u64(self.wires.len() as u64);
        epoll::add(&self.epoll, &stream, data, EventFlags::IN)?;
        self.wires.push(Wire {
            stream,
            read: Vec::new(),
        });
        Ok(())
    }

    fn read(&mut self, wire: usize, calls: &mut Vec<Call>) -> Result<()> {
        let Wire { stream, read } = &mut self.wires[wire];
        let mut buffer = [0; 8_192];
        match stream.read(&mut buffer) {
            Ok(0) => epoll::delete(&self.epoll, &*stream)?,
            Ok(length) => read.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The caller has gone; what it wanted does not matter any more.
            Err(_) => epoll::delete(&self.epoll, &*stream)?,
        }
        let Some(head) = head_length(read) else {
            return Ok(());
        };
        let whole = head + body_length(&read[..head]);
        if read.len() < whole {
            return Ok(());
        }
        let call = Call::read(&read[..head], &read[head..whole]);
        calls.push(call);
        read.drain(..whole);
        let chat = Some(call.chat_id).filter(|_| call.is_message);
        if chat.is_some() && chat == self.hangs {
            self.troubled[0] += 1;
            self.hanging.push((wire, call));
            return Ok(());
        }
        let answer = if chat.is_some() && chat == self.fails {
            self.troubled[1] += 1;
            FAILURE.to_vec()
        } else {
            call.answer()
        };
        ensure!(stream.write(&answer)? > 0, NO_ROOM);
        Ok(())
    }
}

/// Waits for events; a signal is no event, and no error.
pub(crate) fn poll(epoll: &OwnedFd, events: &mut Vec<Event>, timeout: &Timespec) -> Result<()> {
    match epoll::wait(epoll, spare_capacity(events), Some(timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Call {
    fn read(head: &[u8], body: &[u8]) -> Self {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let is_message = line
            .windows(12)
            .any(|word| word.eq_ignore_ascii_case(b"/sendMessage"));
        Self {
            at: Instant::now(),
            chat_id: number_after(body, b"\"chat_id\":"),
            name: number_after(body, b"Hello, "),
            is_message,
        }
    }

    fn answer(self) -> Vec<u8> {
        let result = if self.is_message {
            let chat = self.chat_id;
            format!(
                "{{\"message_id\":1,\"date\":0,\"chat\":{{\"id\":{chat},\"type\":\"private\"}}}}"
            )
        } else {
            "true".to_owned()
        };
        let body = format!("{{\"ok\":true,\"result\":{result}}}");
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        format!("{head} {length}\r\n\r\n{body}").into_bytes()
    }
}

/// The number after these words, or 0.
fn number_after(body: &[u8], words: &[u8]) -> u64 {
    let at = body.windows(words.len()).position(|window| window == words);
    let rest = at.map_or(&[][..], |at| &body[at + words.len()..]);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_tells_its_chat() {
        let body = br#"{"chat_id":7700000042,"text":"Hello, 17! x"}"#;
        let call = Call::read(
            b"POST /bot1:a/sendMessage HTTP/1.1\r\nHost: a\r\n\r\n",
            body,
        );
        assert!(call.is_message);
        assert_eq!((call.chat_id, call.name), (7_700_000_042, 17));
        assert!(
            String::from_utf8(call.answer())
                .unwrap()
                .ends_with("\"type\":\"private\"}}}")
        );
    }
}
