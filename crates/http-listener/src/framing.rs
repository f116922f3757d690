//! Reads along where a connection's requests begin and end, to notice a head that says it in two ways.
//!
//! hyper takes two equal lengths for one, lets chunks win over a length, and shows a service neither. Whoever stands before us may
//! have taken the other of the two, and then what it passes on as a body could be a request to us (RFC 9112, section 11.2).

use memchr::memchr;

/// What comes next on a connection.
pub(crate) struct Framing {
    place: Place,
    said: Said,
    /// The beginning of a line of which the end has not come.
    kept: Kept,
}

#[derive(Clone, Copy)]
enum Place {
    /// A request line, perhaps after empty lines.
    Start,
    Headers,
    /// So many bytes of a body.
    Body(u64),
    /// Nothing that will be read as a request.
    Over,
}

/// What the present head says of its body.
#[derive(Clone, Copy, Default)]
struct Said {
    length: Option<u64>,
    chunked: bool,
}

/// A head says in two ways how long its body is, or in one that we do not understand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict;

impl Framing {
    pub(crate) fn new() -> Self {
        Self {
            place: Place::Start,
            said: Said::default(),
            kept: Kept::default(),
        }
    }

    /// Takes in what has come. After a [`Conflict`] it takes nothing more: that connection is at its end.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Conflict> {
        while !bytes.is_empty() {
            match self.place {
                Place::Over => return Ok(()),
                Place::Body(left) => {
                    let here =
                        usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    bytes = &bytes[here..];
                    self.place = match left - here as u64 {
                        0 => Place::Start,
                        left => Place::Body(left),
                    };
                }
                Place::Start | Place::Headers => {
                    let Some(end) = memchr(b'\n', bytes) else {
                        self.kept.extend(bytes);
                        return Ok(());
                    };
                    self.end_line(&bytes[..end])?;
                    bytes = &bytes[end + 1..];
                }
            }
        }
        Ok(())
    }

    fn end_line(&mut self, end: &[u8]) -> Result<(), Conflict> {
        let taken = if self.kept.length == 0 {
            self.line(end)
        } else {
            let mut whole = std::mem::take(&mut self.kept);
            whole.extend(end);
            self.line(whole.bytes())
        };
        if taken.is_err() {
            self.place = Place::Over;
        }
        taken
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Conflict> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (self.place, line) {
            (Place::Start, []) => {}
            (Place::Start, _) => self.place = Place::Headers,
            (_, []) => self.place = std::mem::take(&mut self.said).end(),
            (_, header) => self.said.header(header)?,
        }
        Ok(())
    }
}

impl Said {
    fn header(&mut self, line: &[u8]) -> Result<(), Conflict> {
        // Most headers are neither of the two, and their first letter says so.
        if !matches!(line, [b'c' | b'C' | b't' | b'T', ..]) {
            return Ok(());
        }
        if let Some(value) = value_of(line, b"content-length:") {
            let length = digits(value).filter(|_| self.length.is_none() && !self.chunked);
            self.length = Some(length.ok_or(Conflict)?);
        } else if let Some(value) = value_of(line, b"transfer-encoding:") {
            // Beneath any other coding there would be something that no service has asked for.
            let alone = self.length.is_none() && !self.chunked;
            if !alone || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Conflict);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn end(self) -> Place {
        match self.length {
            // Its connection ends with it.
            _ if self.chunked => Place::Over,
            Some(length) if length > 0 => Place::Body(length),
            _ => Place::Start,
        }
    }
}

/// The value of a header, if it has this name; the name ends in its colon.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn digits(text: &[u8]) -> Option<u64> {
    let all_digits = text.iter().all(u8::is_ascii_digit);
    str::from_utf8(text)
        .ok()
        .filter(|_| all_digits)?
        .parse()
        .ok()
}

/// As much of a line as tells whether it is one of the two headers, and what they say where they are written as anybody would.
/// Of a longer one the end is left out; then it is no number and no known coding.
struct Kept {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            bytes: [0; 64],
            length: 0,
        }
    }
}

impl Kept {
    fn extend(&mut self, more: &[u8]) {
        let room = &mut self.bytes[self.length..];
        let fits = more.len().min(room.len());
        room[..fits].copy_from_slice(&more[..fits]);
        self.length += fits;
        if fits < more.len() {
            // Neither a digit nor a letter, so that what is cut off here is not taken for the whole.
            self.bytes[self.bytes.len() - 1] = b'?';
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(text: &str) -> (Result<(), Conflict>, Framing) {
        let mut framing = Framing::new();
        (framing.read(text.as_bytes()), framing)
    }

    /// Whether it is a conflict, however the bytes are cut into pieces.
    fn conflicts(text: &str) -> bool {
        let conflict = at_once(text).0.is_err();
        for size in 1..=text.len().min(70) {
            let mut framing = Framing::new();
            let pieces = text.as_bytes().chunks(size);
            let in_pieces = pieces
                .map(|piece| framing.read(piece))
                .any(|read| read.is_err());
            assert_eq!(in_pieces, conflict, "{text:?} in pieces of {size}");
        }
        conflict
    }

    fn head(headers: &str) -> String {
        format!("POST / HTTP/1.1\r\nHost: here\r\n{headers}\r\n")
    }

    #[test]
    fn a_length_that_is_said_twice_or_in_two_ways_is_a_conflict() {
        for headers in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nX: y\r\ncontent-length:5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5x\r\n",
            "Content-Length: 18446744073709551616\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "TRANSFER-ENCODING: chunked\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
        ] {
            assert!(conflicts(&head(headers)), "{headers}");
            assert!(conflicts(&head(headers).replace("\r\n", "\n")), "{headers}");
        }
        let padded = format!("Content-Length:{}5\r\n", " ".repeat(100));
        assert!(at_once(&head(&padded)).0.is_ok());
    }

    #[test]
    fn what_is_said_once_is_none() {
        for headers in [
            "",
            "Content-Length: 0\r\n",
            "Content-Length: 5 \r\n",
            "content-length:5\r\n",
            "Transfer-Encoding: Chunked\r\n",
            "X-Content-Length: 5\r\nContent-Length: 6\r\nContent-Lengths: 7\r\n",
        ] {
            assert!(!conflicts(&head(headers)), "{headers}");
        }
        let long = format!(
            "X: {0}\r\nY: Content-Length: 5\r\nContent-Length: 5\r\n",
            "y".repeat(300)
        );
        assert!(!conflicts(&head(&long)));
    }

    #[test]
    fn a_body_is_not_read_as_a_head() {
        let evil = head("Content-Length: 1\r\nContent-Length: 1\r\n");
        let holding = |text: &str| head(&format!("Content-Length: {}\r\n", text.len())) + text;
        assert!(!conflicts(&holding(&evil)));
        assert!(conflicts(&(holding("abc") + &evil)));
        assert!(conflicts(
            &(holding("") + "\r\n\n" + &holding(&evil) + &evil)
        ));
        let chunked = head("Transfer-Encoding: chunked\r\n");
        assert!(!conflicts(&(chunked + "0\r\n\r\n" + &evil)));
        assert!(matches!(at_once(&holding("abc")).1.place, Place::Start));
        let begun = at_once(&head("Content-Length: 18446744073709551615\r\n"));
        assert!(matches!(begun.1.place, Place::Body(u64::MAX)));
    }
}
