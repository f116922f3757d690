//! The rules, in the order in which they are asked: the first that holds is the verdict, and the others that hold go into its evidence.
//!
//! The order: what the owner decided; then along the way of an update, because what breaks earlier is the cause of what is
//! seen later: token, registration, secret, our own refusals, the way to us, Telegram itself; then inside: what silences the whole
//! bot before what silences a part; last, what is yet to come.
//!
//! Sentences are for people who have never heard how Telegram delivers. In braces: what `wording` fills in.

mod endpoint;
mod inside;
mod registration;
mod token;

use super::rule::Rule;

/// Every rule, in order. The last one always holds.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        token::RULES,
        registration::RULES,
        endpoint::OUR_REFUSALS,
        token::UNANSWERED,
        endpoint::CERTIFICATE,
        endpoint::NAME,
        endpoint::ANSWERS,
        endpoint::CONNECTION,
        inside::RULES,
    ]
    .into_iter()
    .flatten()
}
