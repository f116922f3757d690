//! What is published, and the bytes of it.

use std::borrow::Cow;

use clock::Timestamp;
use ids::{ConnectionId, EndpointId, EventId, ProjectId};
use serde::Serialize;

use crate::event_type::EventType;
use crate::iso8601;

/// Something that happened to a project's bot and is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose bot it is.
    pub project: ProjectId,
    /// What happened.
    pub what: BotEvent,
}

/// What can happen to a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BotEvent {
    /// It was attached to its project.
    Connected {
        /// The bot's connection.
        bot: ConnectionId,
        /// The bot's username, without `@`.
        name: String,
        /// Where people find it: `https://t.me/…`.
        url: String,
    },
    /// It no longer belongs to its project.
    Disconnected {
        /// The bot's connection.
        bot: ConnectionId,
    },
    /// It began to work badly, works badly for another reason, or works again.
    StatusChanged {
        /// The bot's connection.
        bot: ConnectionId,
        /// What it is now.
        status: BotStatus,
        /// Why, as a short machine code. It is published for what is degraded only.
        reason: Option<Cow<'static, str>>,
    },
}

/// How a bot works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BotStatus {
    /// As it should.
    Healthy,
    /// Badly, or not at all.
    Degraded,
}

impl BotEvent {
    /// The type of the event that says so.
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Connected { .. } => EventType::BotConnected,
            Self::Disconnected { .. } => EventType::BotDisconnected,
            Self::StatusChanged { .. } => EventType::BotStatusChanged,
        }
    }
}

/// The body of an event: made once, then stored, signed and sent as it is.
pub(crate) fn body(id: &EventId, now: Timestamp, event: &NewEvent) -> Vec<u8> {
    let mut data = Data {
        project_id: Some(&event.project),
        ..Data::default()
    };
    match &event.what {
        BotEvent::Connected { bot, name, url } => {
            data.bot_id = Some(bot);
            data.bot_name = Some(name);
            data.bot_url = Some(url);
        }
        BotEvent::Disconnected { bot } => data.bot_id = Some(bot),
        BotEvent::StatusChanged {
            bot,
            status,
            reason,
        } => {
            data.bot_id = Some(bot);
            data.status = Some(*status);
            data.reason = reason.as_deref().filter(|_| *status == BotStatus::Degraded);
        }
    }
    let kind = event.what.event_type().as_str();
    enveloped(id, kind, now, &event.project, data)
}

/// The body of a trial. Its type is in no bot's namespace, and its project is one that no clock can have made.
pub(crate) fn trial(id: &EventId, now: Timestamp, endpoint: &EndpointId) -> Vec<u8> {
    let data = Data {
        endpoint_id: Some(endpoint),
        ..Data::default()
    };
    enveloped(id, TRIAL, now, NOBODY, data)
}

/// The type of a trial's event.
pub(crate) const TRIAL: &str = "endpoint.test";

/// Written as a project's id is, so that whoever reads the envelope strictly can read this one.
const NOBODY: &str = "prj_00000000000000000000000000";

#[expect(
    clippy::expect_used,
    reason = "texts and structs of them are JSON, and memory takes all that is written to it"
)]
fn enveloped(
    id: &EventId,
    kind: &str,
    now: Timestamp,
    project: impl Serialize,
    data: Data<'_>,
) -> Vec<u8> {
    let envelope = Envelope {
        id,
        kind,
        created_at: iso8601::written(now),
        api_version: API_VERSION,
        project_id: project,
        data,
    };
    serde_json::to_vec(&envelope).expect("an envelope is JSON")
}

#[derive(Serialize)]
struct Envelope<'a, P> {
    id: &'a EventId,
    #[serde(rename = "type")]
    kind: &'a str,
    created_at: String,
    api_version: &'static str,
    project_id: P,
    data: Data<'a>,
}

#[derive(Default, Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_id: Option<&'a EndpointId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a ProjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<&'a ConnectionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<BotStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

const API_VERSION: &str = "2026-05-01";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_those_that_the_platform_publishes() {
        let bot = bot();
        let connected = BotEvent::Connected {
            bot: bot.clone(),
            name: "helper_bot".into(),
            url: "https://t.me/helper_bot".into(),
        };
        let status = |status, reason| BotEvent::StatusChanged {
            bot: bot.clone(),
            status,
            reason,
        };
        let gone = BotEvent::Disconnected { bot: bot.clone() };
        let degraded = status(
            BotStatus::Degraded,
            Some("telegram_api_unauthorized".into()),
        );
        // The reason of what was is not that of what is.
        let healthy = status(BotStatus::Healthy, Some("telegram_api_unauthorized".into()));
        for (what, kind, data) in [
            (
                connected,
                "project.bot.connected",
                r#","bot_name":"helper_bot","bot_url":"https://t.me/helper_bot""#,
            ),
            (gone, "project.bot.disconnected", ""),
            (
                degraded,
                "project.bot.status_changed",
                r#","status":"degraded","reason":"telegram_api_unauthorized""#,
            ),
            (
                healthy,
                "project.bot.status_changed",
                r#","status":"healthy""#,
            ),
        ] {
            let project = "prj_7Zq".parse().unwrap();
            let made = body(&id(), NOW, &NewEvent { project, what });
            assert_eq!(
                String::from_utf8(made).unwrap(),
                format!(
                    r#"{{"id":"{}","type":"{kind}","created_at":"2026-01-01T00:00:00.123Z","api_version":"2026-05-01","project_id":"prj_7Zq","data":{{"project_id":"prj_7Zq","bot_id":"{bot}"{data}}}}}"#,
                    id()
                )
            );
        }
    }

    #[test]
    fn a_trial_is_of_no_bot_and_of_no_project() {
        let endpoint = EndpointId::from_parts(1, [1; 10]);
        let made: serde_json::Value =
            serde_json::from_slice(&trial(&id(), NOW, &endpoint)).unwrap();
        assert_eq!(made["type"], "endpoint.test");
        assert_eq!(made["data"], serde_json::json!({ "endpoint_id": endpoint }));
        let project: ProjectId = made["project_id"].as_str().unwrap().parse().unwrap();
        assert!(project.as_str().ends_with("00000"));
    }

    fn id() -> EventId {
        EventId::from_parts(1_764_000_000_000, [7; 10])
    }

    fn bot() -> ConnectionId {
        ConnectionId::from_parts(1_764_000_000_000, [9; 10])
    }

    const NOW: Timestamp = Timestamp::from_unix_us(1_767_225_600_123_456);
}
