//! Kinds of update as text; the kinds themselves are generated.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::generated::update_kinds::UpdateKind;

impl UpdateKind {
    /// Which of two keys of one update says what it is about, if this one comes after `before`: the first kind that is
    /// known, else the first key of all; of equal ones the last.
    pub(crate) fn precedes(&self, before: &Self) -> bool {
        let known = |kind: &Self| !matches!(kind, Self::Other(_));
        self == before || (known(self) && !known(before))
    }
}

impl From<&str> for UpdateKind {
    fn from(name: &str) -> Self {
        Self::known(name).unwrap_or_else(|| Self::Other(name.into()))
    }
}

impl FromStr for UpdateKind {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(name.into())
    }
}

impl fmt::Display for UpdateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for UpdateKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for UpdateKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self::from(&*name))
    }
}
