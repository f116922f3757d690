//! One attempt to handle an update: stages in turn, calls in turn.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;

use crate::erased::AnyPerform;
use crate::item::{Item, Rest};
use crate::recall::still_hold;
use crate::session::ReadSessions;
use crate::{Failure, Flow, Incoming, Progress, RefusedCall, RetryWhen, Stage, StageError};

/// How many refused calls of an update are remembered.
const REFUSED_KEPT: usize = 8;

/// Who handles updates, and how long a stage may take.
pub(crate) struct Handling {
    pub(crate) stages: Vec<Arc<dyn Stage>>,
    pub(crate) perform: Arc<dyn AnyPerform>,
    pub(crate) sessions: Arc<dyn ReadSessions>,
    pub(crate) clock: Clock,
    pub(crate) deadline: Duration,
}

/// Why an attempt failed.
pub(crate) struct Fault {
    pub(crate) unreadable: bool,
    pub(crate) retry: RetryWhen,
    pub(crate) reason: String,
}

impl Handling {
    /// Goes on with an update where it stands. What is done is noted in it at once: this may be dropped at any await.
    pub(crate) async fn attempt(&self, item: &mut Item) -> Result<(), Fault> {
        let mut read = None;
        while let Some(stage) = self.stage(item.queued.progress) {
            if !stage.concerns(&item.queued.kind) {
                item.queued.progress = next(item.queued.progress);
                continue;
            }
            let incoming = match &read {
                Some(incoming) => incoming,
                None => read.insert(self.read(item)?),
            };
            let flow = self.go_through(stage, incoming, item).await?;
            if let Some(rest) = item.rest.take() {
                item.sessions.extend(rest.sessions);
            }
            match flow {
                Flow::Continue => item.queued.progress = next(item.queued.progress),
                Flow::End => break,
            }
        }
        Ok(())
    }

    /// The whole update: only when somebody wants to see it, since this is a good part of what an update costs.
    fn read(&self, item: &Item) -> Result<Incoming, Fault> {
        let mut incoming = Incoming::read(&item.queued).map_err(|error| unreadable(&error))?;
        incoming.sessions = Some(Arc::clone(&self.sessions));
        Ok(incoming)
    }

    /// What became of an attempt that panicked. The panic itself went to the process's panic hook: what it says may hold
    /// what somebody wrote to a bot.
    pub(crate) fn panicked(&self, item: &Item) -> Fault {
        let who = self
            .stage(item.queued.progress)
            .map_or("the dispatcher", |stage| stage.name());
        Fault {
            unreadable: false,
            retry: RetryWhen::Later,
            reason: format!("{who} panicked"),
        }
    }

    fn stage(&self, progress: Progress) -> Option<&dyn Stage> {
        let number = usize::try_from(progress.stage).ok()?;
        self.stages.get(number).map(|stage| &**stage)
    }

    async fn go_through(
        &self,
        stage: &dyn Stage,
        incoming: &Incoming,
        item: &mut Item,
    ) -> Result<Flow, Fault> {
        if let Some(rest) = &item.rest {
            let hold = still_hold(&*self.sessions, &rest.sessions).await;
            if !hold.map_err(|error| fault_of(stage, error))? {
                item.rest = None;
            }
        }
        if item.rest.is_none() {
            item.rest = Some(self.handle(stage, incoming, item.queued.progress).await?);
            #[cfg(feature = "failpoints")]
            fail::fail_point!("dispatcher-after-stage", |_| std::process::abort());
        }
        while let Some(call) = item.rest.as_ref().and_then(|rest| rest.calls.front()) {
            let result = self.perform.perform(&incoming.connection, call).await;
            if let Err(failure) = result {
                let refused = refused(item.queued.progress, call.method(), failure)?;
                tracing::debug!(
                    connection = %incoming.connection, seq = incoming.seq.value(),
                    method = refused.method, reason = refused.reason, "call refused"
                );
                if item.refused.len() < REFUSED_KEPT {
                    item.refused.push(refused);
                }
            }
            item.calls += 1;
            item.queued.progress.effect += 1;
            item.rest.as_mut().and_then(|rest| rest.calls.pop_front());
        }
        Ok(item.rest.as_ref().map_or(Flow::Continue, |rest| rest.flow))
    }

    /// Runs a stage, and skips those of its calls that were done before a restart.
    async fn handle(
        &self,
        stage: &dyn Stage,
        incoming: &Incoming,
        progress: Progress,
    ) -> Result<Rest, Fault> {
        let deadline = stage.deadline().unwrap_or(self.deadline);
        // In a block of its own, so that a stage that works before its first await does it under the deadline's roof too.
        let handled = self
            .clock
            .timeout(deadline, async { stage.handle(incoming).await });
        let error = match handled.await {
            Ok(Ok(outcome)) => {
                let done = usize::try_from(progress.effect).unwrap_or(usize::MAX);
                let calls = outcome.calls.into_iter().skip(done).collect();
                return Ok(Rest {
                    calls,
                    flow: outcome.flow,
                    sessions: outcome.sessions,
                });
            }
            Ok(Err(error)) => error,
            Err(_) => StageError::later(format!("no answer within {deadline:?}")),
        };
        Err(fault_of(stage, error))
    }
}

fn fault_of(stage: &dyn Stage, error: StageError) -> Fault {
    Fault {
        unreadable: false,
        retry: error.retry,
        reason: format!("{}: {}", stage.name(), error.reason),
    }
}

fn next(progress: Progress) -> Progress {
    Progress {
        stage: progress.stage + 1,
        effect: 0,
    }
}

/// A call that was refused for good does not stop the others: somebody who blocked the bot must not keep a button's
/// tap from being answered, nor turn each update into a dead letter.
fn refused(at: Progress, method: &str, failure: Failure) -> Result<RefusedCall, Fault> {
    match failure.retry {
        RetryWhen::Never => Ok(RefusedCall {
            at,
            method: method.to_owned(),
            reason: failure.reason,
        }),
        retry => Err(Fault {
            unreadable: false,
            retry,
            reason: format!("{method}: {}", failure.reason),
        }),
    }
}

/// The fault says where, not what stands there: it is what somebody wrote to a bot.
fn unreadable(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    Fault {
        unreadable: true,
        retry: RetryWhen::Never,
        reason: format!("the update cannot be read beyond line {line}, column {column}"),
    }
}
