use std::fmt;

use serde::Serialize;

/// What refers to a master key. It can retire when nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyUses {
    /// Bot tokens sealed under it, those of disconnected bots too.
    pub sealed_tokens: u64,
    /// Other secrets sealed under it.
    pub sealed_secrets: u64,
    /// Webhooks that follow from it and are the current ones of their bots.
    pub registrations: u64,
    /// Webhooks that follow from it, were replaced, and are still accepted.
    pub previous_registrations: u64,
}

impl KeyUses {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.sealed() + self.registrations + self.previous_registrations
    }

    /// Those that rewrapping moves.
    #[must_use]
    pub const fn sealed(&self) -> u64 {
        self.sealed_tokens + self.sealed_secrets
    }
}

/// "3 sealed tokens and 1 current webhook".
impl fmt::Display for KeyUses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.sealed_tokens, "sealed token"),
            (self.sealed_secrets, "sealed secret"),
            (self.registrations, "current webhook"),
            (
                self.previous_registrations,
                "replaced webhook still accepted",
            ),
        ];
        let told: Vec<_> = all
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| match (count, what.split_once(' ')) {
                (1, _) | (_, None) => format!("{count} {what}"),
                (_, Some((kind, rest))) => {
                    let (noun, after) = rest.split_once(' ').unwrap_or((rest, ""));
                    format!("{count} {kind} {noun}s {after}")
                        .trim_end()
                        .to_owned()
                }
            })
            .collect();
        match told.split_last() {
            None => f.write_str("nothing"),
            Some((last, [])) => f.write_str(last),
            Some((last, rest)) => write!(f, "{} and {last}", rest.join(", ")),
        }
    }
}
