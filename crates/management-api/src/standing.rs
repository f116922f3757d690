//! How a bot stands, as callers read it.

use bot_connection::Status;
use bot_health::BotStanding;
use bot_health::verdict::{Condition, VerdictCode};
use serde::Serialize;

use crate::iso8601::Time;

/// How a bot stands, as it was told last; nobody was asked for it.
#[derive(Serialize)]
pub(crate) struct Health<'a> {
    status: &'static str,
    code: Option<&'static str>,
    sentence: Option<&'a str>,
    fix: Option<&'a str>,
    since: Option<Time>,
    checked_at: Option<Time>,
}

impl<'a> Health<'a> {
    /// Of a bot's record and of what was told of it. A standing from before the bot was disconnected or came back says nothing any more.
    pub(crate) fn of(record: Status, standing: Option<&'a BotStanding>) -> Self {
        let told = standing.filter(|standing| {
            (standing.code == VerdictCode::Disconnected) == (record == Status::Disconnected)
        });
        Self {
            status: told.map_or("unknown", |standing| status(standing.code)),
            code: told.map(|standing| standing.code.as_str()),
            sentence: told.map(|standing| &*standing.sentence),
            fix: told.map(|standing| &*standing.fix),
            since: told.map(|standing| Time(standing.since)),
            checked_at: told.map(|standing| Time(standing.looked_at)),
        }
    }
}

/// What a code makes of a bot, in one word. Of one that is not meant to work, nothing is known.
pub(crate) const fn status(code: VerdictCode) -> &'static str {
    match code.condition() {
        Condition::Healthy => "healthy",
        Condition::Degraded => "degraded",
        Condition::Disconnected => "unknown",
    }
}
