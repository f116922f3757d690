//! JSON read once from front to back, of which only what is asked for is looked at twice.

use std::borrow::Cow;

/// Stands between two tokens of a JSON text. Everything that is passed is checked against RFC 8259; what only a reader of the value
/// could mind (halves of characters, numbers beyond any type) is not.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The text is not JSON: here, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJson {
    pub(crate) at: usize,
}

/// What stands where a number should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Integer(i64),
    /// An integer of more than 63 bits.
    TooBig,
    /// Something else.
    Not,
}

type Result<T, E = NotJson> = std::result::Result<T, E>;

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Passes an object, and has each member's value passed by `member`. False, with the value passed, when it is no object.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<bool> {
        if self.peek()? != b'{' {
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(true);
        }
        loop {
            let key = self.key()?;
            member(self, &key)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return self.fault(),
            }
        }
        self.at += 1;
        Ok(true)
    }

    /// Passes any value, and keeps it if it is an integer.
    pub(crate) fn number(&mut self) -> Result<Number> {
        if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
            self.skip()?;
            return Ok(Number::Not);
        }
        let began = self.at;
        let whole = self.digits_and_more()?;
        let text = &self.text[began..self.at];
        Ok(match text.parse() {
            Ok(integer) if whole => Number::Integer(integer),
            Err(_) if whole => Number::TooBig,
            _ => Number::Not,
        })
    }

    /// Passes any value.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let mut nest = Nest::default();
        loop {
            // Here a value begins.
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    if self.peek()? != b'}' {
                        nest.enter(true);
                        self.skip_key()?;
                        continue;
                    }
                    self.at += 1;
                }
                b'[' => {
                    self.at += 1;
                    if self.peek()? != b']' {
                        nest.enter(false);
                        continue;
                    }
                    self.at += 1;
                }
                b'"' => {
                    self.string()?;
                }
                b'-' | b'0'..=b'9' => {
                    self.digits_and_more()?;
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => return self.fault(),
            }
            // And here one has ended.
            while let Some(in_object) = nest.is_in_object() {
                match (self.peek()?, in_object) {
                    (b',', _) => {
                        self.at += 1;
                        if in_object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        nest.leave();
                    }
                    _ => return self.fault(),
                }
            }
            if nest.is_in_object().is_none() {
                return Ok(());
            }
        }
    }

    /// Nothing but space may be left.
    pub(crate) fn end(&mut self) -> Result<()> {
        match self.peek() {
            Ok(_) => self.fault(),
            Err(_) => Ok(()),
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Result<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return self.fault(),
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault<T>(&self) -> Result<T> {
        Err(NotJson { at: self.at })
    }

    fn key(&mut self) -> Result<Cow<'a, str>> {
        if self.peek()? != b'"' {
            return self.fault();
        }
        let began = self.at;
        let escaped = self.string()?;
        let text = self.text;
        let key = if escaped {
            let quoted = &text[began..self.at];
            let unescaped = serde_json::from_str(quoted).or(Err(NotJson { at: began }))?;
            Cow::Owned(unescaped)
        } else {
            Cow::Borrowed(&text[began + 1..self.at - 1])
        };
        self.colon()?;
        Ok(key)
    }

    fn skip_key(&mut self) -> Result<()> {
        if self.peek()? != b'"' {
            return self.fault();
        }
        self.string()?;
        self.colon()
    }

    fn colon(&mut self) -> Result<()> {
        if self.peek()? != b':' {
            return self.fault();
        }
        self.at += 1;
        Ok(())
    }

    /// Passes a string; answers whether something in it is escaped.
    fn string(&mut self) -> Result<bool> {
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(plain) = rest.iter().position(|byte| ENDS_PLAIN[usize::from(*byte)]) else {
                self.at = self.text.len();
                return self.fault();
            };
            self.at += plain;
            match rest[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(escaped);
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.fault(),
            }
        }
    }

    fn escape(&mut self) -> Result<()> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return self.fault();
                    }
                }
                self.at += 1;
            }
            _ => return self.fault(),
        }
        Ok(())
    }

    /// Passes a number; answers whether it is written as an integer.
    fn digits_and_more(&mut self) -> Result<bool> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(whole)
    }

    fn digits(&mut self) -> Result<()> {
        let began = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == began {
            return self.fault();
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<()> {
        if !self.text[self.at..].starts_with(word) {
            return self.fault();
        }
        self.at += word.len();
        Ok(())
    }
}

/// What a string's plain bytes end at: its end, an escape, or what must be escaped.
const ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        ends[control] = true;
        control += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// Which objects and arrays a place is in, a bit each; the innermost 64 need no memory.
#[derive(Default)]
struct Nest {
    depth: usize,
    /// The innermost is the lowest; a one is an object.
    bits: u64,
    outer: Vec<u64>,
}

impl Nest {
    fn enter(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or(0);
        }
    }

    /// None outside of everything.
    fn is_in_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

#[cfg(test)]
mod tests;
