//! One slice: a few seconds of load on one subject, and what they cost it.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use crate::bot_api::BotApi;
use crate::crowd::{Crowd, Outcome, Pace};
use crate::subject::Subject;
use crate::usage;

/// A slice's figures.
pub(crate) struct Slice {
    pub(crate) outcome: Outcome,
    /// From before the load until everything was finished.
    pub(crate) cpu: Duration,
    /// From the load's end until the inbox was empty.
    pub(crate) finished_after: Duration,
}

impl Slice {
    /// Loads the subject; an error when a request was not answered with this status.
    pub(crate) fn run(
        subject: &mut Subject,
        api: &mut BotApi,
        runtime: &Runtime,
        pace: Pace,
        expected: u16,
    ) -> Result<Self> {
        let process = subject.program.id();
        let crowd = Crowd::connect(subject.address, pace.connections, &mut subject.traffic, api)?;
        thread::sleep(Duration::from_millis(50));
        let before = usage::cpu(process)?;
        let outcome = crowd.run(pace)?;
        api.recover()?;
        let answered = outcome.statuses.get(&expected).copied().unwrap_or(0);
        ensure!(
            answered == outcome.sent && answered > 0,
            "{}: of {} requests, answers by status: {:?}",
            subject.name,
            outcome.sent,
            outcome.statuses
        );
        let finished_after = subject.settle(outcome.acknowledged(), api, runtime)?;
        let cpu = usage::cpu(process)? - before;
        Ok(Self {
            outcome,
            cpu,
            finished_after,
        })
    }

    /// CPU time for each request, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.outcome.sent as f64
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.outcome.sent as f64 / self.outcome.took.as_secs_f64()
    }
}
