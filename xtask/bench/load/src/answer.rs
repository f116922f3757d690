//! As little of an HTTP answer as one must read to know where it ends.

/// An answer, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its length with everything.
    pub(crate) bytes: usize,
    /// Whether it is its connection's last.
    pub(crate) is_last: bool,
}

impl Answer {
    /// None while it is not whole. What is not HTTP is an answer of status 0.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let head = head_length(bytes)?;
        let status = bytes.get(9..12).and_then(number).unwrap_or(0);
        let whole = head + body_length(&bytes[..head]);
        (bytes.len() >= whole).then_some(Self {
            status: u16::try_from(status).unwrap_or(0),
            bytes: whole,
            is_last: value(&bytes[..head], b"connection:") == Some(b"close"),
        })
    }
}

/// Up to and with the empty line.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

/// What the head says of the body's length; 0 when it says nothing.
pub(crate) fn body_length(head: &[u8]) -> usize {
    value(head, b"content-length:")
        .and_then(number)
        .unwrap_or(0)
}

/// What the head says after this name, which ends in its colon.
fn value<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name));
    line.map(|line| line[name.len()..].trim_ascii())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let text = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nabHTTP";
        assert_eq!(
            Answer::read(text),
            Some(Answer {
                status: 404,
                bytes: text.len() - 4,
                is_last: false
            })
        );
        assert_eq!(Answer::read(&text[..text.len() - 5]), None);
        assert_eq!(
            Answer::read(b"HTTP/1.1 200 OK\r\ndate: x\r\n\r\n").map(|answer| answer.status),
            Some(200)
        );
        assert_eq!(Answer::read(b"HTTP/1.1 200 OK\r\n"), None);
        let last = Answer::read(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
        assert!(last.is_some_and(|answer| answer.is_last));
    }
}
