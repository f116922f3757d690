//! Bodies that are JSON objects: bounded, read strictly, refused field by field. Their values are not repeated.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::StatusCode;
use http_body::Body;
use http_listener::{BodyFault, read_body};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// The fields of a body, each named once, that nobody has asked for yet.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, Box<RawValue>)>);

/// Reads a whole body, bounded in length and time.
pub(crate) async fn read<B>(body: B, limit_bytes: usize, clock: &Clock) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    read_body(body, limit_bytes, clock, DEADLINE)
        .await
        .map_err(unreadable)
}

impl Fields {
    pub(crate) async fn read<B>(body: B, clock: &Clock) -> Result<Self, ApiError>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = read(body, LIMIT_BYTES, clock).await?;
        Self::parse(&body)
    }

    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let fields = serde_json::from_slice::<Self>(body);
        let fields = fields.map_err(|_| invalid("The body is not a JSON object."))?;
        let named_twice = fields.0.iter().enumerate().find(|(place, (name, _))| {
            let mut before = fields.0.iter().take(*place);
            before.any(|(known, _)| known == name)
        });
        match named_twice {
            Some((_, (name, _))) => {
                Err(invalid("A field stands there twice.").field(cut(name), "say it once"))
            }
            None => Ok(fields),
        }
    }

    /// The field's value, if it is there.
    ///
    /// # Errors
    /// When it is none of that type: `shape` says what belongs there.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        shape: &'static str,
    ) -> Result<Option<T>, ApiError> {
        let Some(place) = self.0.iter().position(|(known, _)| known == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(place);
        let read = serde_json::from_str(value.get());
        read.map(Some)
            .map_err(|_| invalid("A field has a value of another kind.").field(name, shape))
    }

    /// # Errors
    /// When something is left that nobody has asked for: `known` lists what there is.
    pub(crate) fn end(self, known: &'static str) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let error = invalid(format!("The body has unknown fields; {known}."));
        let told = self.0.iter().take(MOST_TOLD);
        Err(told.fold(error, |error, (name, _)| {
            error.field(cut(name), "there is no such field")
        }))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(All)
    }
}

/// What cannot be used; the fields say why.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "VALIDATION_FAILED",
        message,
        "Mend what `fields` names, or send a JSON object.",
    )
}

fn unreadable(fault: BodyFault) -> ApiError {
    let (status, code) = match fault {
        BodyFault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
        BodyFault::TimedOut => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
        BodyFault::Cut => (StatusCode::BAD_REQUEST, "BODY_UNREADABLE"),
    };
    let message = format!("The request could not be read: {fault}.");
    ApiError::new(status, code, message, "Send a small JSON object, at once.")
}

/// A name as a caller gave it, not longer than names are.
fn cut(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

const LIMIT_BYTES: usize = 16 * 1_024;
const DEADLINE: Duration = Duration::from_secs(10);
const LONGEST_NAME: usize = 64;
const MOST_TOLD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_field_by_field() {
        let mut fields = Fields::parse(br#" {"url":"x","events":["a"],"n":1} "#).unwrap();
        assert_eq!(
            fields.take::<String>("url", "a URL").unwrap(),
            Some("x".into())
        );
        assert_eq!(
            fields.take::<Vec<String>>("events", "names").unwrap(),
            Some(vec!["a".into()])
        );
        assert_eq!(fields.take::<String>("other", "text").unwrap(), None);
        let wrong = fields.take::<String>("n", "text").unwrap_err();
        assert_eq!(
            (wrong.fields[0].field.as_ref(), &*wrong.fields[0].message),
            ("n", "text")
        );
        fields.end("all were there").unwrap();
    }

    #[test]
    fn what_is_no_object_or_has_a_name_twice_is_refused() {
        for body in ["", "null", "[]", r#"["x"]"#, "7", r#"{"a":}"#, "{}x", "{"] {
            let error = Fields::parse(body.as_bytes()).unwrap_err();
            assert_eq!(error.code, "VALIDATION_FAILED", "{body}");
        }
        let error = Fields::parse(br#"{"url":"secret","url":"secret"}"#).unwrap_err();
        assert_eq!(error.fields[0].field, "url");
        assert!(!format!("{error:?}").contains("secret"));
        let long = format!(r#"{{"{}":1}}"#, "x".repeat(1_000));
        let error = Fields::parse(long.as_bytes())
            .unwrap()
            .end("none")
            .unwrap_err();
        assert_eq!(error.fields[0].field.len(), LONGEST_NAME);
    }
}
