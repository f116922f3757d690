//! From a JSON tree to a type, and from a type to an object of any format.
//!
//! Types are read from a [`Tree`] rather than from a stream: one short line of code for each field and nothing generic
//! over the format, which keeps the build of some hundred types short; and what cannot be read is still there to be kept.

mod fault;
mod object;
mod scalars;
mod scan;
mod tree;

pub(crate) use crate::json::fault::Fault;
pub(crate) use crate::json::object::Object;
pub(crate) use crate::json::scan::{NotJson, Number, Scan};
pub(crate) use crate::json::tree::Tree;
use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serializer};

/// What can be read from a JSON tree.
pub(crate) trait FromJson: Sized {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault>;
}

/// `Deserialize` for what can be read from a JSON tree.
pub(crate) fn deserialize<'de, T: FromJson, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Tree::deserialize(deserializer)?;
    T::from_json(&value).map_err(D::Error::custom)
}

/// Writes an object with the entries that `entries` adds.
pub(crate) fn write<S: Serializer>(
    serializer: S,
    entries: impl FnOnce(&mut S::SerializeMap) -> Result<(), S::Error>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    entries(&mut map)?;
    map.end()
}

/// Implements `Deserialize` by [`FromJson`].
macro_rules! deserialize_by_json {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use deserialize_by_json;
