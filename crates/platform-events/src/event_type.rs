use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What kind of thing happened to a bot: the `type` of an envelope, and the header `MP-Event-Name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventType {
    /// `project.bot.connected`
    BotConnected,
    /// `project.bot.disconnected`
    BotDisconnected,
    /// `project.bot.status_changed`
    BotStatusChanged,
}

/// Which events an endpoint is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventTypes {
    /// Every one, also those of types that there are not yet.
    #[default]
    All,
    /// Those of these types.
    Only(BTreeSet<EventType>),
}

/// A word that names no type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such type of event; there are project.bot.connected, project.bot.disconnected and project.bot.status_changed"
)]
pub struct UnknownEventType;

impl EventType {
    /// Every type there is.
    pub const ALL: [Self; 3] = [
        Self::BotConnected,
        Self::BotDisconnected,
        Self::BotStatusChanged,
    ];

    /// The type as envelopes name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BotConnected => "project.bot.connected",
            Self::BotDisconnected => "project.bot.disconnected",
            Self::BotStatusChanged => "project.bot.status_changed",
        }
    }
}

impl EventTypes {
    /// Whether events of this type are among them.
    #[must_use]
    pub fn contains(&self, kind: EventType) -> bool {
        match self {
            Self::All => true,
            Self::Only(types) => types.contains(&kind),
        }
    }

    /// As a column has it: words with spaces between them, none for all.
    pub(crate) fn to_stored(&self) -> String {
        match self {
            Self::All => String::new(),
            // A list of none is not that of all.
            Self::Only(types) if types.is_empty() => NONE.into(),
            Self::Only(types) => {
                let words: Vec<_> = types.iter().map(|kind| kind.as_str()).collect();
                words.join(" ")
            }
        }
    }

    /// Words that this version does not know are of types that it does not publish.
    pub(crate) fn from_stored(text: &str) -> Self {
        if text.is_empty() {
            return Self::All;
        }
        Self::Only(
            text.split(' ')
                .filter_map(|word| word.parse().ok())
                .collect(),
        )
    }
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownEventType)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const NONE: &str = "-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_of_types_comes_back_as_it_was_stored() {
        for types in [
            EventTypes::All,
            EventTypes::Only(BTreeSet::new()),
            EventTypes::Only([EventType::BotConnected].into()),
            EventTypes::Only(EventType::ALL.into()),
        ] {
            assert_eq!(EventTypes::from_stored(&types.to_stored()), types);
        }
    }
}
