//! Words of strangers, for the eyes of an endpoint's owner.

/// The beginning of an answer's body as one line of at most 200 bytes; none when nothing of it can be read.
pub(crate) fn beginning(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(MOST)]);
    let mut line = String::new();
    for char in text.chars().map(plain) {
        if line.len() + char.len_utf8() > MOST {
            break;
        }
        if !(char == ' ' && (line.is_empty() || line.ends_with(' '))) {
            line.push(char);
        }
    }
    let line = line.trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

/// What would change the line around it becomes a space.
fn plain(char: char) -> char {
    let unseen = matches!(
        char,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    if char.is_control() || char.is_whitespace() || unseen {
        ' '
    } else {
        char
    }
}

const MOST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_one_short_line() {
        for (body, line) in [
            (&b""[..], None),
            (b" \r\n\0", None),
            (b"no\r\n\tsuch \x1b[31mpage\n", Some("no such [31mpage")),
            ("gel\u{202e}öscht".as_bytes(), Some("gel öscht")),
            (b"\xff{}", Some("\u{fffd}{}")),
        ] {
            assert_eq!(beginning(body).as_deref(), line);
        }
        for long in ["ab", "ö", "\u{1f600}"] {
            let line = beginning(long.repeat(500_000).as_bytes()).unwrap();
            assert!(line.len() <= MOST && line.len() > MOST - 8, "{long}");
        }
        assert!(beginning(&[0xff; 10_000]).unwrap().len() <= MOST);
    }
}
