//! What became of each bot.

use bot_connection::{BulkItem, BulkOutcome, Did};
use ids::{ConnectionId, ProjectId, RequestId};
use serde::Serialize;
use telegram_bot_api::InvalidToken;

use crate::connecting;
use crate::error::ApiError;

/// What a call came to.
#[derive(Serialize)]
pub(super) struct Share<'a> {
    pub(super) results: &'a [Told],
    /// How many nothing is said of: to be sent again.
    pub(super) waiting: usize,
}

/// What became of one bot.
#[derive(Serialize)]
pub(super) struct Told {
    project_id: ProjectId,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot: Option<Bot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

#[derive(Serialize)]
struct Bot {
    id: ConnectionId,
    name: Option<String>,
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: String,
    remediation: &'static str,
}

impl Told {
    pub(super) fn of(item: BulkItem, request: &RequestId) -> Self {
        let BulkItem { project, outcome } = item;
        match outcome {
            BulkOutcome::Already => Self::new(project, "already"),
            BulkOutcome::Connected(done) => Self {
                bot: Some(Bot {
                    id: done.view.connection.clone(),
                    name: done.view.username.clone(),
                }),
                warnings: done.warnings.iter().map(ToString::to_string).collect(),
                ..Self::new(project, did(done.did))
            },
            BulkOutcome::Refused(error) => {
                Self::failed(project, "refused", connecting::explain(&error, request))
            }
            BulkOutcome::Later(error) => {
                Self::failed(project, "later", connecting::explain(&error, request))
            }
            // Whatever else there will be, it was not said that it is done.
            _ => Self::new(project, "later"),
        }
    }

    pub(super) fn unreadable(project: ProjectId, fault: InvalidToken) -> Self {
        let failure = Failure {
            code: "VALIDATION_FAILED",
            message: format!("This is not a bot token: {}.", fault.reason),
            remediation: "Copy the token from @BotFather again.",
        };
        Self {
            failure: Some(failure),
            ..Self::new(project, "refused")
        }
    }

    fn failed(project: ProjectId, outcome: &'static str, error: ApiError) -> Self {
        let failure = Failure {
            code: error.code,
            message: error.message,
            remediation: error.remediation,
        };
        Self {
            failure: Some(failure),
            ..Self::new(project, outcome)
        }
    }

    const fn new(project_id: ProjectId, outcome: &'static str) -> Self {
        Self {
            project_id,
            outcome,
            bot: None,
            warnings: Vec::new(),
            failure: None,
        }
    }
}

const fn did(did: Did) -> &'static str {
    match did {
        Did::Connected => "connected",
        Did::Reconnected => "reconnected",
        Did::Repaired => "repaired",
        Did::Replaced => "replaced",
        Did::Rotated => "rotated",
        Did::Unchanged => "already",
    }
}
