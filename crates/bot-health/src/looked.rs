use std::sync::Arc;
use std::time::Duration;

use crate::desk::Shown;
use crate::error::Error;
use crate::figures::InspectionOutcome;
use crate::row::Row;
use crate::verdict::Decision;

/// What an inspection came to.
#[derive(Clone)]
pub(crate) enum Looked {
    /// It says something of the bot.
    Judged(Box<Judged>),
    /// The connection is gone or not connected yet: there is nothing to see.
    Moot,
    /// The connection is being changed: what was seen says nothing.
    Unsettled,
    /// It could not be made.
    Failed(Arc<Error>),
}

#[derive(Clone)]
pub(crate) struct Judged {
    pub(crate) decision: Decision,
    /// How the connection stands now.
    pub(crate) row: Row,
    pub(crate) shown: Shown,
}

impl Looked {
    pub(crate) fn outcome(&self) -> InspectionOutcome {
        match self {
            Self::Judged(judged) => match judged.decision.verdict() {
                Some(verdict) if verdict.code.is_degraded() => InspectionOutcome::Degraded,
                Some(_) => InspectionOutcome::Healthy,
                None => InspectionOutcome::Moot,
            },
            Self::Moot | Self::Unsettled => InspectionOutcome::Moot,
            Self::Failed(_) => InspectionOutcome::Failed,
        }
    }

    /// What that means for the next inspection.
    pub(crate) fn shown(&self) -> Shown {
        match self {
            Self::Judged(judged) => judged.shown,
            Self::Moot => Shown::Same,
            Self::Unsettled => Shown::LookAgain(UNSETTLED),
            Self::Failed(_) => Shown::LookAgain(FAILED),
        }
    }
}

/// How long a change of a connection usually takes.
const UNSETTLED: Duration = Duration::from_secs(2);

const FAILED: Duration = Duration::from_secs(10);
