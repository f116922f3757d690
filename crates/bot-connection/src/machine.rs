//! The state machine: what each operation does, step by step, and what each way in which that can end makes of the record.
//!
//! The engine does what stands here and knows nothing else. The README shows both tables; a test compares them.

use crate::error::Error;
use crate::operation::{Operation, Step};
use crate::refusal::BotRefusal;

/// What is done between one step that the record names and the next.
#[derive(Debug)]
pub(crate) struct Stage {
    /// What the record says when it begins. Whatever is asked here may be asked again.
    pub(crate) at: Step,
    /// What Telegram is asked, in this order.
    pub(crate) asks: &'static [Ask],
    /// What the record says when all of it was answered.
    pub(crate) then: Step,
}

/// One thing that Telegram is asked or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Which webhook there is: whoever's it is will be named when it is replaced.
    Look,
    /// Which webhook there is: it must not be somebody else's.
    LookForNoOther,
    /// To take our webhook.
    Set,
    /// Which webhook there is: it has to be ours.
    LookForOurs,
    /// To forget the webhook, if the look has shown ours.
    DeleteOurs,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Telegram has answered all of it.
    Done,
    /// Telegram cannot be reached, is broken, or asks to wait for long.
    OutOfReach,
    /// The token is not accepted; a fresh one may not be accepted yet.
    TokenRefused,
    /// It was not accepted for a day.
    TokenRefusedForADay,
    /// The bot is frozen, logged out, or refused otherwise.
    BotRefused,
    /// Our webhook is not taken.
    WebhookRefused,
    /// Telegram shows another webhook than ours, or none.
    TakenOver,
    /// This server does not know its public address.
    NoPublicAddress,
    /// The record's token or webhook secret cannot be opened.
    Sealed,
    /// The record could not be written, or somebody else wrote it.
    Unwritten,
}

/// What becomes of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Becomes {
    /// It says the stage's next step.
    Next,
    /// It says why, where it is; tried again later.
    Waits,
    /// Nothing is written; tried again later.
    Stays,
    /// The operation is over, and it says why. The bot stays what it was.
    GivenUp,
    /// The operation is over, and it says why. The bot is disconnected.
    Undone,
}

impl Ask {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::LookForNoOther => "look for no other",
            Self::Set => "set",
            Self::LookForOurs => "look for ours",
            Self::DeleteOurs => "delete ours",
        }
    }
}

/// Registers a webhook. Once Telegram was told nothing is set again: what it shows then, if not ours, was set by somebody who is not
/// fought.
const REGISTER: [Stage; 2] = [
    Stage {
        at: Step::Begun,
        asks: &[Ask::Look, Ask::Set],
        then: Step::Told,
    },
    Stage {
        at: Step::Told,
        asks: &[Ask::LookForOurs],
        then: Step::Confirmed,
    },
];

/// The same where nobody has asked for it: nobody else's webhook is replaced. One that is gone may be what a refused attempt of ours
/// has left behind.
const RENEW: [Stage; 2] = [
    Stage {
        at: Step::Begun,
        asks: &[Ask::LookForNoOther, Ask::Set],
        then: Step::Told,
    },
    Stage {
        at: Step::Told,
        asks: &[Ask::LookForOurs],
        then: Step::Confirmed,
    },
];

/// Takes our webhook away; somebody else's is left alone.
const WITHDRAW: [Stage; 1] = [Stage {
    at: Step::Begun,
    asks: &[Ask::Look, Ask::DeleteOurs],
    then: Step::Confirmed,
}];

/// What an operation does, in order.
pub(crate) const fn stages(operation: Operation) -> &'static [Stage] {
    match operation {
        Operation::Connect | Operation::Reconnect | Operation::Repair | Operation::Rotate => {
            &REGISTER
        }
        Operation::Renew => &RENEW,
        Operation::Disconnect => &WITHDRAW,
    }
}

/// What is to be done while the record says this step; nothing when that is the last.
pub(crate) fn stage(operation: Operation, at: Step) -> Option<&'static Stage> {
    stages(operation).iter().find(|stage| stage.at == at)
}

/// A way in which a stage can end.
struct Row {
    outcome: Outcome,
    /// What may be answered so.
    by: &'static [Ask],
    /// What becomes of the record: one column for each of [`Operation::ALL`]; nothing where it cannot come to that.
    becomes: [Option<Becomes>; 6],
}

const ANY: &[Ask] = &[
    Ask::Look,
    Ask::LookForNoOther,
    Ask::Set,
    Ask::LookForOurs,
    Ask::DeleteOurs,
];

/// What each outcome makes of the record.
const TABLE: [Row; 10] = {
    use Becomes::{GivenUp, Next, Stays, Undone, Waits};
    const fn row(outcome: Outcome, by: &'static [Ask], on: [Becomes; 5], off: Becomes) -> Row {
        let [connect, reconnect, repair, rotate, renew] = on;
        let becomes = [
            Some(connect),
            Some(reconnect),
            Some(repair),
            Some(rotate),
            Some(renew),
            Some(off),
        ];
        Row {
            outcome,
            by,
            becomes,
        }
    }
    const fn on(outcome: Outcome, by: &'static [Ask], on: [Becomes; 5]) -> Row {
        let mut row = row(outcome, by, on, Stays);
        row.becomes[5] = None;
        row
    }
    // A bot that worked before is not given up for what may be over tomorrow: Telegram out of reach, a name that does not resolve, a fresh
    // token that is not known everywhere yet. A disconnected one is off whatever Telegram says.
    [
        row(Outcome::Done, ANY, [Next; 5], Next),
        row(Outcome::OutOfReach, ANY, [Waits; 5], Stays),
        row(
            Outcome::TokenRefused,
            ANY,
            [Undone, Undone, GivenUp, Waits, GivenUp],
            Next,
        ),
        row(
            Outcome::TokenRefusedForADay,
            ANY,
            [Undone, Undone, GivenUp, GivenUp, GivenUp],
            Next,
        ),
        row(
            Outcome::BotRefused,
            ANY,
            [Undone, Undone, GivenUp, GivenUp, GivenUp],
            Next,
        ),
        on(
            Outcome::WebhookRefused,
            &[Ask::Set],
            [Undone, Undone, Waits, Waits, Waits],
        ),
        on(
            Outcome::TakenOver,
            &[Ask::LookForNoOther, Ask::LookForOurs],
            [Undone, Undone, GivenUp, GivenUp, GivenUp],
        ),
        on(Outcome::NoPublicAddress, &[Ask::Set], [Waits; 5]),
        row(
            Outcome::Sealed,
            ANY,
            [Undone, Undone, GivenUp, GivenUp, GivenUp],
            Next,
        ),
        row(Outcome::Unwritten, ANY, [Stays; 5], Stays),
    ]
};

/// What becomes of the record of an operation of which a stage ended so.
pub(crate) fn after(operation: Operation, at: Step, outcome: Outcome) -> Becomes {
    // What cannot happen must not change anything.
    cell(operation, at, outcome).unwrap_or(Becomes::Stays)
}

fn cell(operation: Operation, at: Step, outcome: Outcome) -> Option<Becomes> {
    let row = TABLE.iter().find(|row| row.outcome == outcome)?;
    let asks = stage(operation, at)?.asks;
    let column = Operation::ALL.iter().position(|one| *one == operation)?;
    let may_be = asks.iter().any(|ask| row.by.contains(ask));
    row.becomes[column].filter(|_| may_be)
}

impl Outcome {
    /// What an error stands for. `for_a_day`: Telegram has been refusing the token for longer than it does with fresh ones.
    pub(crate) const fn of(error: &Error, for_a_day: bool) -> Self {
        match error {
            Error::TokenNotValid | Error::TokenNotAcceptedYet if for_a_day => {
                Self::TokenRefusedForADay
            }
            Error::TokenNotValid | Error::TokenNotAcceptedYet => Self::TokenRefused,
            // It says nothing about the bot.
            Error::TelegramRefuses {
                why: BotRefusal::ServerMisconfigured,
                ..
            } => Self::OutOfReach,
            Error::TelegramRefuses { .. } => Self::BotRefused,
            Error::TelegramUnavailable(_) => Self::OutOfReach,
            Error::WebhookRefused { .. } => Self::WebhookRefused,
            Error::WebhookTakenOver { .. } => Self::TakenOver,
            Error::NoPublicUrl | Error::PublicNameUnusable { .. } => Self::NoPublicAddress,
            Error::Sealed => Self::Sealed,
            Error::Busy
            | Error::ConnectedElsewhere
            | Error::Directory(_)
            | Error::Inbox(_)
            | Error::Interrupted(_)
            | Error::NoConnection(_)
            | Error::NotFound(_)
            | Error::TooManyNewBots { .. } => Self::Unwritten,
        }
    }
}

#[cfg(test)]
mod tests;
