//! The parameters of a Bot API call, from wherever a caller may put them.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::multipart;

/// Parameters in the order they came; the first of a name wins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) files: Vec<FilePart>,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct FilePart {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

impl Params {
    /// The value of a parameter; empty when it is absent, which the server does not tell apart.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Yes as the server reads it: `true`, `yes` or `1`, whatever the case.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let value = self.get(name).to_ascii_lowercase();
        matches!(value.as_str(), "true" | "yes" | "1")
    }

    /// A number, read up to the first thing that is no digit (so junk is 0) and clamped.
    pub(crate) fn integer(&self, name: &str, default: i64, low: i64, high: i64) -> i64 {
        match self.get(name) {
            "" => default,
            text => leading_integer(text).clamp(low, high),
        }
    }

    /// The file uploaded for a parameter: under its own name, or under the one that `attach://name` gives.
    pub(crate) fn file(&self, name: &str) -> Option<&FilePart> {
        let field = self.get(name).strip_prefix("attach://").unwrap_or(name);
        self.files.iter().find(|file| file.field == field)
    }

    /// Adds what a query string or an urlencoded body holds.
    pub(crate) fn add_urlencoded(&mut self, text: &[u8]) {
        for pair in text.split(|byte| *byte == b'&') {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let (key, value) = (parts.next(), parts.next());
            if let Some(key) = key.filter(|key| !key.is_empty()) {
                self.pairs
                    .push((decode(key), decode(value.unwrap_or_default())));
            }
        }
    }

    /// Adds what a body holds, by its content type. Other types are not read.
    pub(crate) fn add_body(&mut self, content_type: &str, body: &Bytes) {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/json") {
            self.add_json(body);
        } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            self.add_urlencoded(body);
        } else if kind.eq_ignore_ascii_case("multipart/form-data") {
            let boundary = multipart::boundary(content_type).unwrap_or_default();
            for part in multipart::parts(&boundary, body) {
                match part.file_name {
                    Some(name) => self.files.push(FilePart {
                        field: part.field,
                        name,
                        content: part.content,
                    }),
                    None => self.pairs.push((
                        part.field,
                        String::from_utf8_lossy(&part.content).into_owned(),
                    )),
                }
            }
        }
    }

    /// Adds the members of a JSON object: strings as they are, anything else as its JSON text, so that null is the word "null".
    /// Where the JSON is broken reading stops, and what was read counts.
    fn add_json(&mut self, body: &[u8]) {
        let mut json = serde_json::Deserializer::from_slice(body);
        let _ = Members(&mut self.pairs).deserialize(&mut json);
    }
}

struct Members<'a>(&'a mut Vec<(String, String)>);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((key, value)) = members.next_entry::<String, Box<RawValue>>()? {
            let text = value.get();
            let text = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
            self.0.push((key, text));
        }
        Ok(())
    }
}

/// Undoes percent-encoding, and `+` for a space.
pub(crate) fn decode(text: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut place = 0;
    while let Some(byte) = text.get(place) {
        let hex = text
            .get(place + 1..place + 3)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (byte, hex) {
            (b'%', Some(value)) => {
                decoded.push(value);
                place += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(*byte),
        }
        place += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn leading_integer(text: &str) -> i64 {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(digits.len());
    let value: i64 = match &digits[..end] {
        "" => 0,
        digits => digits.parse().unwrap_or(i64::MAX),
    };
    if digits.len() == text.len() {
        value
    } else {
        -value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &'static str) -> Params {
        let mut params = Params::default();
        params.add_body(
            "application/json; charset=utf-8",
            &Bytes::from_static(body.as_bytes()),
        );
        params
    }

    #[test]
    fn json_is_split_at_the_top_alone_and_null_is_a_word() {
        let params = json(r#"{"a":null,"b":{"c":[1, 2]},"d":"\u00e9","a":"second"}"#);
        assert_eq!(params.get("a"), "null");
        assert_eq!(params.get("b"), r#"{"c":[1, 2]}"#);
        assert_eq!(params.get("d"), "é");
        assert_eq!(params.get("e"), "");
    }

    #[test]
    fn broken_json_counts_up_to_the_break() {
        let params = json(r#"{"a":"1","b":tru"#);
        assert_eq!((params.get("a"), params.get("b")), ("1", ""));
    }

    #[test]
    fn numbers_are_clamped_and_junk_is_zero() {
        let mut params = Params::default();
        params.add_urlencoded(b"a=5000&b=junk&c=-7&d=12x&e=%31+");
        assert_eq!(params.integer("a", 40, 1, 100), 100);
        assert_eq!(params.integer("b", 40, 1, 100), 1);
        assert_eq!(params.integer("c", 0, -100, 100), -7);
        assert_eq!(params.integer("d", 0, 0, 100), 12);
        assert_eq!(params.integer("none", 40, 1, 100), 40);
        assert_eq!(params.get("e"), "1 ");
    }
}
