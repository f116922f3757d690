use std::fmt;

use ids::KeyId;
use serde::Serialize;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "step")]
#[non_exhaustive]
pub enum Step {
    /// No rotation is under way.
    Nothing,
    /// Have the running server read its keys again: it does not know this one.
    Reload {
        /// The key.
        key: KeyId,
    },
    /// Promote the key that waits.
    Promote {
        /// The key.
        key: KeyId,
    },
    /// Rewrap what is sealed under keys that were replaced.
    Rewrap {
        /// How much there is.
        sealed: u64,
    },
    /// Wait while webhooks are registered anew, and while the ones before run out.
    Wait {
        /// How many there are.
        registrations: u64,
    },
    /// Retire a key that nothing refers to.
    Retire {
        /// The key.
        key: KeyId,
    },
}

/// As a sentence.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing is to be done; `keys add` begins a rotation"),
            Self::Reload { key } => write!(
                f,
                "the running server does not know key {key} yet: `keys reload`"
            ),
            Self::Promote { key } => write!(f, "`keys promote {key}` makes new secrets with it"),
            Self::Rewrap { sealed } => write!(
                f,
                "`keys rewrap` moves what is sealed under replaced keys, {sealed} in all"
            ),
            Self::Wait { registrations } => write!(
                f,
                "{registrations} webhooks are registered anew by the running server, and stay accepted for 10 minutes; wait"
            ),
            Self::Retire { key } => {
                write!(f, "nothing needs key {key} any more: `keys retire {key}`")
            }
        }
    }
}
