//! "Why is it silent?", asked by somebody who waits for the answer.

use std::sync::Arc;

use connection_directory::{Connection, Status};
use ids::ProjectId;

use crate::error::{Error, Result};
use crate::look::look;
use crate::looked::{Judged, Looked};
use crate::signal::Cause;
use crate::verdict::{Decision, Evidence, Verdict, VerdictCode, decide};
use crate::watch::Watch;
use crate::{observe, table};

/// Inspects the project's bot now; when that takes too long, or cannot be done, what is known has to do, and says so.
pub(crate) async fn diagnose(watch: &Arc<Watch>, project: &ProjectId) -> Result<Verdict> {
    let parts = &watch.parts;
    let found = parts.directory.connection_of_project(project).await?;
    let record = found.ok_or_else(|| Error::NotFound(project.clone()))?;
    if record.status == Status::Connecting {
        return remembered(watch, &record, "the bot is being connected").await;
    }
    let look = look(watch, &record.id, Cause::Asked);
    let Ok((looked, _)) = parts.clock.timeout(watch.config.deadline, look).await else {
        return remembered(watch, &record, "Telegram could not be asked in time").await;
    };
    match &*looked {
        Looked::Judged(judged) => told(judged),
        Looked::Moot | Looked::Unsettled => {
            remembered(watch, &record, "the connection is being changed just now").await
        }
        Looked::Failed(error) => remembered(watch, &record, &error.to_string()).await,
    }
}

fn told(judged: &Judged) -> Result<Verdict> {
    match &judged.decision {
        Decision::News(verdict) => Ok(verdict.clone()),
        Decision::NoNews { sentence, evidence } => {
            let mut verdict = judged.row.verdict()?;
            verdict.evidence.push(Evidence {
                what: sentence.clone(),
                at: None,
            });
            verdict.evidence.extend(evidence.iter().cloned());
            Ok(verdict)
        }
    }
}

/// What was told last, else what can be said without asking anybody.
async fn remembered(watch: &Watch, record: &Connection, why: &str) -> Result<Verdict> {
    let now = watch.parts.clock.now();
    let why = |at| Evidence {
        what: format!("This is not fresh: {why}."),
        at: Some(at),
    };
    let mut link = watch.parts.database.connect().await?;
    if let Some(row) = table::find(&mut link, &record.id).await? {
        let mut verdict = row.verdict()?;
        verdict.evidence = vec![
            why(now),
            Evidence {
                what: "The last look at the bot that ended.".to_owned(),
                at: Some(row.looked_at()),
            },
        ];
        return Ok(verdict);
    }
    drop(link);
    Ok(match decide(&observe::known(watch, record)) {
        Decision::News(mut verdict) => {
            verdict.evidence.insert(0, why(now));
            verdict
        }
        Decision::NoNews { sentence, evidence } => Verdict {
            code: VerdictCode::TelegramUnavailable,
            since: None,
            sentence,
            fix: "Ask again in a minute.".to_owned(),
            evidence: std::iter::once(why(now)).chain(evidence).collect(),
        },
    })
}
