use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One thing that a token lets its bearer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Ability {
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
#[error("there is no ability {0:?}; there are project:view, project:view-any and project:manage")]
pub struct UnknownAbility(String);

impl Ability {
    /// Every ability there is.
    pub const ALL: [Self; 3] = [Self::ProjectManage, Self::ProjectView, Self::ProjectViewAny];

    /// The ability as the platform writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
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
