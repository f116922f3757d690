//! From facts to a verdict.

use clock::Timestamp;

use super::code::VerdictCode;
use super::facts::Facts;

/// What facts say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This is the matter, or that nothing is.
    News(Verdict),
    /// Nothing can be said that was not said before: the verdict before this one stands.
    NoNews {
        /// Why, in one plain sentence.
        sentence: String,
        /// What was observed.
        evidence: Vec<Evidence>,
    },
}

/// Why a bot is silent, or that it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// For programs.
    pub code: VerdictCode,
    /// Since when it certainly is so, by our clock, where that is known.
    pub since: Option<Timestamp>,
    /// For the bot's owner: what is the matter, in one plain sentence.
    pub sentence: String,
    /// What to do, in one imperative sentence: who, what, where.
    pub fix: String,
    /// For the operator: what was observed, the reason first.
    pub evidence: Vec<Evidence>,
}

/// Something that was observed. Never a path, a secret or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What.
    pub what: String,
    /// When, by our clock.
    pub at: Option<Timestamp>,
}

/// Says what is the matter with a bot.
#[must_use]
pub fn decide(facts: &Facts) -> Decision {
    let _ = facts;
    Decision::NoNews {
        sentence: String::new(),
        evidence: Vec::new(),
    }
}

impl Decision {
    /// The verdict, if there is one.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::News(verdict) => Some(verdict),
            Self::NoNews { .. } => None,
        }
    }
}
