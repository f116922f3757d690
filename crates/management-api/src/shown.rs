//! The platform's status shape: what callers read of a project's bot.

use bot_connection::{BotView, Status};
use ids::{ConnectionId, ProjectId};
use serde::Serialize;

use crate::late::Late;
use crate::standing::Health;

/// `{"data":{…}}`: the platform's own fields first, then ours.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    project_id: &'a ProjectId,
    connected: bool,
    bot: Option<Bot<'a>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Health<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'a str>,
}

#[derive(Serialize)]
struct Bot<'a> {
    id: &'a ConnectionId,
    name: Option<&'a str>,
    url: Option<String>,
}

/// Why the last change failed whose caller had been told 202.
#[derive(Serialize)]
struct Failure<'a> {
    code: &'static str,
    message: &'a str,
    remediation: &'static str,
}

impl<'a> Shown<'a> {
    /// A project's bot. One that is disconnected is not linked, and the platform shows none; its record stays.
    pub(crate) fn of(project_id: &'a ProjectId, view: Option<&'a BotView>) -> Self {
        let status = view.map(|view| view.status);
        let linked = view.filter(|view| view.status != Status::Disconnected);
        let data = Data {
            project_id,
            connected: status == Some(Status::Active),
            bot: linked.map(Bot::of),
            status: status.map_or("none", Status::as_str),
            health: None,
            paused: false,
            step: view.and_then(|view| view.step.as_deref()),
            failure: None,
            warnings: view
                .and_then(|view| view.warning.as_deref())
                .into_iter()
                .collect(),
        };
        Self { data }
    }

    /// Whether an operator has its updates wait.
    pub(crate) fn held(mut self, held: bool) -> Self {
        self.data.paused = held;
        self
    }

    /// With how it stands.
    pub(crate) fn standing(mut self, health: Option<Health<'a>>) -> Self {
        self.data.health = health;
        self
    }

    /// With what did not stop a change, but should be known.
    pub(crate) fn warned(mut self, warnings: &'a [String]) -> Self {
        self.data
            .warnings
            .extend(warnings.iter().map(String::as_str));
        self
    }

    /// With what became of a change whose caller had been told 202.
    pub(crate) fn after(mut self, late: Option<&'a Late>) -> Self {
        match late {
            None => self,
            Some(Late::Done { warnings }) => self.warned(warnings),
            Some(Late::Failed {
                code,
                message,
                remediation,
            }) => {
                self.data.failure = Some(Failure {
                    code,
                    message,
                    remediation,
                });
                self
            }
        }
    }

    /// Under way: before there is a record of it, Telegram is being asked whose token it is.
    pub(crate) fn under_way(mut self) -> Self {
        self.data.step.get_or_insert("verify: begun");
        self
    }
}

impl<'a> Bot<'a> {
    fn of(view: &'a BotView) -> Self {
        let name = view.username.as_deref();
        Self {
            id: &view.connection,
            name,
            url: name.map(|name| format!("https://t.me/{name}")),
        }
    }
}
