//! From facts to a verdict.

use clock::Timestamp;

use super::case::Case;
use super::code::VerdictCode;
use super::evidence::{self, Evidence};
use super::facts::Facts;
use super::rule::Rule;
use super::rules::rules;
use super::wording;

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
    /// For the operator: what was observed, along the way of an update; then what else is wrong.
    pub evidence: Vec<Evidence>,
}

/// Says what is the matter with a bot. Pure: the same facts have the same answer, always and everywhere.
#[must_use]
pub fn decide(facts: &Facts) -> Decision {
    let case = Case::new(facts);
    let mut evidence = evidence::observed(&case);
    let mut holding = rules().filter(|rule| (rule.holds)(&case));
    let first = holding.next();
    let Some((rule, code)) = first.and_then(|rule| Some((rule, rule.code?))) else {
        let sentence = first.map_or("", |rule| rule.sentence);
        return Decision::NoNews {
            sentence: wording::fill(sentence, &case, None),
            evidence,
        };
    };
    // Of a bot that is not meant to work the rest is a consequence.
    let others = holding.filter(|other| {
        let is_news = other
            .code
            .is_some_and(|other| other.is_degraded() && other != code);
        is_news && code != VerdictCode::Disconnected
    });
    evidence.extend(others.map(|other| also(other, &case)));
    let since = (rule.since)(&case);
    Decision::News(Verdict {
        code,
        since,
        sentence: wording::fill(rule.sentence, &case, since),
        fix: wording::fill(rule.fix, &case, since),
        evidence,
    })
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

/// Another rule that holds.
fn also(rule: &Rule, case: &Case<'_>) -> Evidence {
    let since = (rule.since)(case);
    let sentence = wording::fill(rule.sentence, case, since);
    let code = rule.code.map_or("", VerdictCode::as_str);
    evidence::also(code, rule.name, &sentence, since)
}
