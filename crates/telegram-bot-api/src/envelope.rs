//! What must be known of an update before it is stored: read from the body of a webhook request
//! without building a tree of it.

mod number;
mod probe;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::envelope::number::{Number, NumberSeed};
use crate::envelope::probe::{Found, Probe};
use crate::generated::update_kinds::UpdateKind;
use crate::ids::{ChatId, UpdateId, UserId};

/// The facts about an update that decide where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// The update's number.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// The chat that it belongs to, if it names one.
    pub chat: Option<ChatId>,
    /// The user who caused it, if it names one. Never a chat that speaks for itself.
    pub user: Option<UserId>,
    /// When it happened, in seconds since 1970, if it says so.
    pub date: Option<i64>,
}

/// Why the body of a webhook request is not an update: in words that may be logged, where and not what stands there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeFault {
    /// It is not text.
    #[error("the update is not UTF-8 beyond byte {}", .0.valid_up_to())]
    NotUtf8(#[source] std::str::Utf8Error),
    /// It is not JSON.
    #[error("the update is not JSON: line {}, column {}", .0.line(), .0.column())]
    NotJson(#[source] serde_json::Error),
    /// It is JSON, but not an object.
    #[error("the update is not a JSON object")]
    NotAnObject,
    /// It has no `update_id`.
    #[error("the update has no update_id")]
    NoUpdateId,
    /// Its `update_id` is something else than an integer.
    #[error("the update's update_id is not an integer")]
    UpdateIdNotAnInteger,
    /// Its `update_id` is negative, or too big for 63 bits.
    #[error("the update's update_id is out of range")]
    UpdateIdOutOfRange,
    /// It has no key beside `update_id`.
    #[error("the update has nothing but an update_id")]
    NoContent,
}

impl Envelope {
    /// Reads the facts from the body of a webhook request.
    ///
    /// An id that has another type than it should counts as absent, and unknown kinds are read where most kinds
    /// have their ids: what Telegram sends tomorrow is still told apart. Where a key comes twice the last one counts.
    ///
    /// # Errors
    ///
    /// When the body is not a JSON object with an `update_id` and one other key.
    pub fn read(body: &[u8]) -> Result<Self, EnvelopeFault> {
        // serde_json looks at the bytes of the strings that it reads, but not of those that it skips.
        let text = std::str::from_utf8(body).map_err(EnvelopeFault::NotUtf8)?;
        let mut json = serde_json::Deserializer::from_str(text);
        let parts = json
            .deserialize_any(PartsVisitor)
            .and_then(|parts| json.end().map(|()| parts));
        parts
            .map_err(EnvelopeFault::NotJson)?
            .ok_or(EnvelopeFault::NotAnObject)?
            .check()
    }
}

/// What was found so far.
#[derive(Default)]
struct Parts {
    update_id: Option<Number>,
    content: Option<Content>,
}

struct Content {
    kind: UpdateKind,
    found: Found,
}

impl Parts {
    fn check(self) -> Result<Envelope, EnvelopeFault> {
        let update_id = match self.update_id {
            Some(Number::Integer(number)) if number >= 0 => UpdateId(number),
            Some(Number::Integer(_) | Number::TooBig) => {
                return Err(EnvelopeFault::UpdateIdOutOfRange);
            }
            Some(Number::Not) => return Err(EnvelopeFault::UpdateIdNotAnInteger),
            None => return Err(EnvelopeFault::NoUpdateId),
        };
        let Content { kind, found } = self.content.ok_or(EnvelopeFault::NoContent)?;
        let paths = kind.paths();
        let chat = found.chat(paths).map(ChatId);
        let user = found.user(paths).map(UserId);
        let date = found.date(paths);
        Ok(Envelope {
            update_id,
            kind,
            chat,
            user,
            date,
        })
    }

    fn takes(&self, kind: &UpdateKind) -> bool {
        let before = self.content.as_ref();
        before.is_none_or(|before| kind.precedes(&before.kind))
    }
}

/// Gives nothing for JSON that is not an object.
struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Option<Parts>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an update")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut parts = Parts::default();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            match key {
                Key::UpdateId => parts.update_id = Some(map.next_value_seed(NumberSeed)?),
                Key::Content(kind) if parts.takes(&kind) => {
                    let mut found = Found::default();
                    map.next_value_seed(Probe::of(kind.paths(), &mut found))?;
                    parts.content = Some(Content { kind, found });
                }
                Key::Content(_) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(parts))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    number::visit_scalars!(None);
}

enum Key {
    UpdateId,
    Content(UpdateKind),
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "update_id" => Key::UpdateId,
            kind => Key::Content(UpdateKind::from(kind)),
        })
    }
}
