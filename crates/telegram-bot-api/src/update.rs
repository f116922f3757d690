//! An update, read in full.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::generated::update_content::UpdateContent;
use crate::generated::update_kinds::UpdateKind;
use crate::ids::{ChatId, UpdateId, UserId};

/// Something that happened, as Telegram tells it to a bot.
///
/// Whatever it holds, it can be read as long as it has a number and one other key: content that this library does not
/// understand is kept as it came. It is read from JSON only, because that is how it is kept.
///
/// [Bot API: Update](https://core.telegram.org/bots/api#update)
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Update {
    /// Its number.
    pub update_id: UpdateId,
    /// What happened.
    pub content: UpdateContent,
}

impl Update {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> UpdateKind {
        self.content.kind()
    }

    /// The chat that it belongs to, if it names one: the same as in its [`Envelope`](crate::Envelope), unless the
    /// content is unknown.
    #[must_use]
    pub fn chat(&self) -> Option<ChatId> {
        self.content.chat()
    }

    /// The user who caused it, if it names one: the same as in its [`Envelope`](crate::Envelope), unless the
    /// content is unknown.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.content.user()
    }
}

impl Serialize for Update {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("update_id", &self.update_id)?;
        map.serialize_entry(self.kind().as_str(), &self.content)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Update {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UpdateVisitor)
    }
}

struct UpdateVisitor;

impl<'de> Visitor<'de> for UpdateVisitor {
    type Value = Update;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an update")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Update, A::Error> {
        let mut update_id = None;
        let mut content: Option<(UpdateKind, Box<RawValue>)> = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "update_id" {
                update_id = Some(map.next_value()?);
                continue;
            }
            let kind = UpdateKind::from(&*key);
            if content
                .as_ref()
                .is_none_or(|(before, _)| kind.precedes(before))
            {
                content = Some((kind, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let update_id = update_id.ok_or_else(|| A::Error::missing_field("update_id"))?;
        let (kind, raw) = content.ok_or_else(|| A::Error::custom("nothing but an update_id"))?;
        Ok(Update {
            update_id,
            content: UpdateContent::read(kind, raw.into()),
        })
    }
}
