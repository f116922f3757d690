//! Reads `multipart/form-data`.

use bytes::Bytes;

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) field: String,
    /// There only for a file.
    pub(crate) file_name: Option<String>,
    pub(crate) content: Bytes,
}

/// The boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    attribute(content_type, "boundary")
}

/// The parts of a body; what is broken ends the list.
pub(crate) fn parts(boundary: &str, body: &Bytes) -> Vec<Part> {
    let mark = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let Some(mut place) = find(body, &mark, 0).map(|at| at + mark.len()) else {
        return parts;
    };
    let closing = [b"\r\n".as_slice(), &mark].concat();
    while body.get(place..place + 2) == Some(b"\r\n") {
        let head = place + 2;
        let Some(head_end) = find(body, b"\r\n\r\n", place) else {
            break;
        };
        let content = head_end + 4;
        let Some(end) = find(body, &closing, head_end + 2) else {
            break;
        };
        let headers = String::from_utf8_lossy(body.get(head..head_end).unwrap_or_default());
        parts.extend(part(&headers, body.slice(content.min(end)..end)));
        place = end + closing.len();
    }
    parts
}

fn part(headers: &str, content: Bytes) -> Option<Part> {
    let disposition = headers.lines().find(|line| {
        line.to_ascii_lowercase()
            .starts_with("content-disposition:")
    })?;
    Some(Part {
        field: attribute(disposition, "name")?,
        file_name: attribute(disposition, "filename"),
        content,
    })
}

/// The value of `name=` among a header's attributes, unquoted.
fn attribute(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|attribute| {
        let (key, value) = attribute.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    text.get(from..)?
        .windows(wanted.len())
        .position(|window| window == wanted)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_are_told_apart() {
        let body = Bytes::from_static(
            b"--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5\r\n\
              --B\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\
              Content-Type: image/png\r\n\r\n\x89P\r\nNG\r\n--B--\r\n",
        );
        let boundary = boundary("multipart/form-data; boundary=\"B\"").unwrap();
        let parts = parts(&boundary, &body);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].content, "5");
        assert_eq!(parts[1].file_name.as_deref(), Some("a.png"));
        assert_eq!(parts[1].content, Bytes::from_static(b"\x89P\r\nNG"));
    }
}
