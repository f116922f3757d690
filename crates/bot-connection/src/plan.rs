//! What a pasted token means, by what is there already. Decided from facts alone, so that it can be read as a table.

use crate::operation::Operation;

/// What led to a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Somebody pasted a token: what is as it should be stays.
    ByToken,
    /// Somebody says that the bot is not well: what Telegram shows does not tell whether it still knows our secret.
    ByReconnect,
}

/// What is known when the decision is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The project's connection, if it has or had one.
    pub(crate) existing: Option<Existing>,
    /// Another project's bot is the token's bot, and is not disconnected.
    pub(crate) taken_elsewhere: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Existing {
    pub(crate) state: State,
    pub(crate) same_bot: bool,
    pub(crate) same_token: bool,
    /// Telegram shows our webhook, nothing is left half done, and nobody says otherwise.
    pub(crate) webhook_is_ours: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Connecting,
    Disconnected,
}

/// What to do with the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The same record, a new registration, with this token; or what is under way with it.
    Again(Operation),
    /// A new record.
    Connect,
    /// All is as it should be.
    Nothing,
    /// The bot belongs to another project.
    Refuse,
    /// The new bot is reserved, the old one disconnected, the new one connected.
    Replace,
}

pub(crate) fn decide(facts: Facts) -> Plan {
    if facts.taken_elsewhere {
        return Plan::Refuse;
    }
    let Some(existing) = facts.existing else {
        return Plan::Connect;
    };
    match (existing.state, existing.same_bot) {
        (State::Disconnected, true) => Plan::Again(Operation::Reconnect),
        (State::Disconnected, false) => Plan::Connect,
        (State::Connecting, true) => Plan::Again(Operation::Reconnect),
        (State::Active | State::Connecting, false) => Plan::Replace,
        (State::Active, true) if !existing.same_token => Plan::Again(Operation::Rotate),
        (State::Active, true) if existing.webhook_is_ours => Plan::Nothing,
        (State::Active, true) => Plan::Again(Operation::Repair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_is(state: State, same_bot: bool, same_token: bool, webhook_is_ours: bool) -> Facts {
        let existing = Some(Existing {
            state,
            same_bot,
            same_token,
            webhook_is_ours,
        });
        Facts {
            existing,
            taken_elsewhere: false,
        }
    }

    #[test]
    fn a_token_does_what_the_table_says() {
        use Operation::{Reconnect, Repair, Rotate};
        use State::{Active, Connecting, Disconnected};
        let nothing = Facts {
            existing: None,
            taken_elsewhere: false,
        };
        let table = [
            (nothing, Plan::Connect),
            (there_is(Active, true, true, true), Plan::Nothing),
            (there_is(Active, true, true, false), Plan::Again(Repair)),
            (
                there_is(Disconnected, true, true, false),
                Plan::Again(Reconnect),
            ),
            (
                there_is(Disconnected, true, false, false),
                Plan::Again(Reconnect),
            ),
            (there_is(Disconnected, false, false, false), Plan::Connect),
            (
                there_is(Connecting, true, true, false),
                Plan::Again(Reconnect),
            ),
            (there_is(Active, true, false, true), Plan::Again(Rotate)),
            (there_is(Active, true, false, false), Plan::Again(Rotate)),
            (there_is(Active, false, false, true), Plan::Replace),
            (there_is(Connecting, false, false, false), Plan::Replace),
        ];
        for (facts, plan) in table {
            assert_eq!(decide(facts), plan, "{facts:?}");
            assert_eq!(
                decide(Facts {
                    taken_elsewhere: true,
                    ..facts
                }),
                Plan::Refuse,
                "{facts:?}"
            );
        }
    }
}
