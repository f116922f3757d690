//! What a rule is.

use clock::Timestamp;

use super::case::Case;
use super::code::VerdictCode;

/// One reason for which a bot may be silent.
pub(crate) struct Rule {
    /// For tests and for people who talk about a rule.
    pub(crate) name: &'static str,
    /// What it is called; `None` when it means that nothing is known that was not known before.
    pub(crate) code: Option<VerdictCode>,
    /// Whether it is so.
    pub(crate) holds: fn(&Case<'_>) -> bool,
    /// Since when it certainly is so.
    pub(crate) since: fn(&Case<'_>) -> Option<Timestamp>,
    /// For the bot's owner. In braces: what `wording` fills in.
    pub(crate) sentence: &'static str,
    /// What to do.
    pub(crate) fix: &'static str,
}

/// Of a rule of which nobody knows since when it holds.
pub(crate) fn unknown(_: &Case<'_>) -> Option<Timestamp> {
    None
}
