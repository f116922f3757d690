use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One thing that a token lets its bearer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Ability {
    /// Make, change and delete webhook endpoints, see their secrets when they are made, and replay deliveries: `events:manage`.
    EventsManage,
    /// See webhook endpoints and what became of deliveries to them: `events:view`.
    EventsView,
    /// See and rotate the master keys, never their material: `keys:manage`.
    KeysManage,
    /// Connect, replace, disconnect and reconnect bots: `project:manage`.
    ProjectManage,
    /// See the bot of a project that is named: `project:view`.
    ProjectView,
    /// List the bots of all projects: `project:view-any`.
    ProjectViewAny,
}

/// What a token lets its bearer do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abilities(BTreeSet<Ability>);

/// A word that names no ability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no ability {0:?}; there are events:manage, events:view, keys:manage, project:manage, project:view and project:view-any"
)]
pub struct UnknownAbility(String);

impl Ability {
    /// Every ability there is.
    pub const ALL: [Self; 6] = [
        Self::EventsManage,
        Self::EventsView,
        Self::KeysManage,
        Self::ProjectManage,
        Self::ProjectView,
        Self::ProjectViewAny,
    ];

    /// The ability as the platform writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsManage => "events:manage",
            Self::EventsView => "events:view",
            Self::KeysManage => "keys:manage",
            Self::ProjectManage => "project:manage",
            Self::ProjectView => "project:view",
            Self::ProjectViewAny => "project:view-any",
        }
    }
}

impl Abilities {
    /// Everything there is to be allowed.
    #[must_use]
    pub fn all() -> Self {
        Self(Ability::ALL.into())
    }

    /// Whether this ability is among them.
    #[must_use]
    pub fn contains(&self, ability: Ability) -> bool {
        self.0.contains(&ability)
    }

    /// Words that this version does not know grant nothing.
    pub(super) fn from_stored(text: &str) -> Self {
        Self(
            text.split(' ')
                .filter_map(|word| word.parse().ok())
                .collect(),
        )
    }
}

impl FromIterator<Ability> for Abilities {
    fn from_iter<I: IntoIterator<Item = Ability>>(abilities: I) -> Self {
        Self(abilities.into_iter().collect())
    }
}

impl FromStr for Ability {
    type Err = UnknownAbility;

    fn from_str(text: &str) -> Result<Self, UnknownAbility> {
        let known = Self::ALL
            .into_iter()
            .find(|ability| ability.as_str() == text);
        known.ok_or_else(|| UnknownAbility(text.to_owned()))
    }
}

impl fmt::Display for Abilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, ability) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(ability.as_str())?;
        }
        Ok(())
    }
}
