//! Reads what a receiver answers.

use bytes::{Buf, Bytes, BytesMut};

/// The most that a head or a body that is read for parameters may take.
const LONGEST_HEAD: usize = 256 << 10;
const LONGEST_BODY: usize = 1 << 20;

/// A complete answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// Whole seconds; 0 when there is none or it is a date.
    pub(crate) retry_after: u32,
    pub(crate) keep_alive: bool,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// Takes the first answer out of what was received; `None` while it is not complete.
///
/// # Errors
/// The text that getWebhookInfo shows for an answer that cannot be read.
pub(crate) fn read(received: &mut BytesMut) -> Result<Option<Reply>, &'static str> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(end) = end else {
        return if received.len() > LONGEST_HEAD {
            Err("Request Header Fields Too Large: too big headers")
        } else {
            Ok(None)
        };
    };
    let head = Head::parse(&String::from_utf8_lossy(&received[..end]))?;
    let rest = &received[end + 4..];
    let (body, length) = if head.chunked {
        match dechunk(rest)? {
            Some(found) => found,
            None => return Ok(None),
        }
    } else if rest.len() < head.length {
        return Ok(None);
    } else {
        (rest[..head.length].to_vec(), head.length)
    };
    received.advance(end + 4 + length);
    head.complete(body.into()).map(Some)
}

#[derive(Debug, Default)]
struct Head {
    status: u16,
    reason: String,
    retry_after: u32,
    keep_alive: bool,
    content_type: String,
    encoding: String,
    chunked: bool,
    length: usize,
}

impl Head {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut lines = text.split("\r\n");
        let mut head = Self::status_line(lines.next().unwrap_or_default())?;
        for line in lines {
            let (name, value) = line
                .split_once(':')
                .ok_or("Bad Request: failed to parse headers")?;
            head.header(&name.to_ascii_lowercase(), value.trim())?;
        }
        Ok(head)
    }

    fn status_line(line: &str) -> Result<Self, &'static str> {
        let mut words = line.splitn(3, ' ');
        let keep_alive = match words.next() {
            Some("HTTP/1.1") => true,
            Some("HTTP/1.0") => false,
            Some(version) if version.starts_with("HTTP/") => {
                return Err("HTTP Version Not Supported");
            }
            _ => return Err("Not Implemented"),
        };
        let status = words.next().and_then(|status| status.parse().ok());
        Ok(Self {
            status: status.ok_or("Bad Request: failed to parse status")?,
            reason: words.next().unwrap_or_default().to_owned(),
            keep_alive,
            ..Self::default()
        })
    }

    fn header(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "content-length" => {
                self.length = value
                    .parse()
                    .map_err(|_| "Bad Request: invalid content length")?;
            }
            "transfer-encoding" => {
                if !value.eq_ignore_ascii_case("chunked") {
                    return Err("Not Implemented: unsupported transfer-encoding");
                }
                self.chunked = true;
            }
            "content-type" => value.clone_into(&mut self.content_type),
            "content-encoding" => self.encoding = value.to_ascii_lowercase(),
            "retry-after" => self.retry_after = value.parse().unwrap_or(0),
            "connection" if value.eq_ignore_ascii_case("close") => self.keep_alive = false,
            _ => {}
        }
        Ok(())
    }

    fn complete(self, body: Bytes) -> Result<Reply, &'static str> {
        let readable = matches!(&*self.encoding, "" | "identity" | "gzip" | "deflate");
        if !readable && !body.is_empty() {
            return Err("Unsupported Media Type: unsupported content-encoding");
        }
        let kind = self.content_type.split(';').next().unwrap_or_default();
        let is_parameters = matches!(
            kind.trim(),
            "application/json" | "application/x-www-form-urlencoded"
        );
        if is_parameters && body.len() > LONGEST_BODY {
            return Err("Request Entity Too Large: too many parameters");
        }
        // Nothing here unpacks gzip: such a body counts as one without a method.
        let is_plain = matches!(&*self.encoding, "" | "identity");
        Ok(Reply {
            status: self.status,
            reason: self.reason,
            retry_after: self.retry_after,
            keep_alive: self.keep_alive,
            content_type: self.content_type,
            body: if is_plain { body } else { Bytes::new() },
        })
    }
}

/// The content of a chunked body and how much was read for it; `None` while it is not complete.
fn dechunk(mut rest: &[u8]) -> Result<Option<(Vec<u8>, usize)>, &'static str> {
    let total = rest.len();
    let mut content = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let line = String::from_utf8_lossy(&rest[..end]);
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| "Bad Request: failed to parse chunk size")?;
        rest = &rest[end + 2..];
        // The last chunk is empty and may be followed by trailers, which nobody sends; its line end is all we expect.
        let Some(after) = size.checked_add(2).and_then(|end| rest.get(end..)) else {
            return Ok(None);
        };
        content.extend_from_slice(&rest[..size]);
        rest = after;
        if size == 0 {
            return Ok(Some((content, total - rest.len())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(text: &str) -> BytesMut {
        BytesMut::from(text.as_bytes())
    }

    #[test]
    fn an_answer_is_read_when_it_is_complete_and_what_follows_stays() {
        let mut bytes =
            received("HTTP/1.1 503 Try Later\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\no");
        assert_eq!(read(&mut bytes), Ok(None));
        bytes.extend_from_slice(b"kHTTP");
        let reply = read(&mut bytes).unwrap().unwrap();
        assert_eq!((reply.status, reply.retry_after), (503, 7));
        assert_eq!(reply.reason, "Try Later");
        assert_eq!(reply.body, "ok");
        assert!(reply.keep_alive);
        assert_eq!(&bytes[..], b"HTTP");
    }

    #[test]
    fn chunks_are_put_together() {
        let mut bytes = received(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: Close\r\n\r\n3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n",
        );
        let reply = read(&mut bytes).unwrap().unwrap();
        assert_eq!(reply.body, "abcd");
        assert!(!reply.keep_alive && bytes.is_empty());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, why) in [
            ("HTTP/2 200\r\n\r\n", "HTTP Version Not Supported"),
            ("220 mail.example\r\n\r\n", "Not Implemented"),
            (
                "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
                "Unsupported Media Type: unsupported content-encoding",
            ),
        ] {
            assert_eq!(read(&mut received(text)), Err(why));
        }
        let dated = "HTTP/1.1 503 Later\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n";
        assert_eq!(read(&mut received(dated)).unwrap().unwrap().retry_after, 0);
    }
}
