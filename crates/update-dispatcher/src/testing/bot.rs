//! A bot without a Telegram.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clock::{Clock, ManualClock};
use serde::de::DeserializeOwned;
use serde_json::Value;
use telegram_bot_api::Call;

use super::memory::Memory;
use crate::{Flow, Lane, LaneKey, Seq, Stage, StageError};

/// Runs stages over updates as the dispatcher would, remembers their sessions, and answers the calls that they want made,
/// without making them. Time stands still unless it is told to pass.
pub struct TestBot {
    stages: Vec<Arc<dyn Stage>>,
    memory: Arc<Memory>,
    clock: Clock,
    hands: ManualClock,
    /// Numbers that were given out.
    sent: AtomicI64,
}

/// The calls that an update led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Calls(Vec<Call>);

impl TestBot {
    /// A bot that does what this stage says.
    #[must_use]
    pub fn new(stage: impl Stage) -> Self {
        let (clock, hands) = Clock::manual();
        Self {
            stages: vec![Arc::new(stage)],
            memory: Arc::new(Memory::new(clock.clone())),
            clock,
            hands,
            sent: AtomicI64::new(0),
        }
    }

    /// Adds a stage behind those that are there.
    #[must_use]
    pub fn and_then(mut self, stage: impl Stage) -> Self {
        self.stages.push(Arc::new(stage));
        self
    }

    /// Gives the bot an update: one of [`super::updates`], or JSON. All updates come to one connection; which lane they are in
    /// and which sessions they see is as in the dispatcher.
    ///
    /// # Errors
    /// When a stage fails, or this is not an update. What stages before it remember is kept, as in the dispatcher.
    pub async fn send(&self, update: impl Into<Value>) -> Result<Calls, StageError> {
        let seq = Seq::new(self.sent.fetch_add(1, Ordering::Relaxed) + 1);
        let mut incoming = super::read(&update.into(), seq, self.clock.now())?;
        incoming.sessions = Some(Arc::clone(&self.memory) as _);
        let mut calls = Vec::new();
        for stage in &self.stages {
            let outcome = stage.handle(&incoming).await?;
            self.memory.apply(outcome.sessions);
            calls.extend(outcome.calls);
            if outcome.flow == Flow::End {
                break;
            }
        }
        Ok(Calls(calls))
    }

    /// What is remembered of a lane under a name, which is a router's ([`crate::Router::named`]); [`None`] when there is
    /// nothing, or it cannot be read as a `T`.
    #[must_use]
    pub fn session<T: DeserializeOwned>(&self, lane: Lane, name: &str) -> Option<T> {
        let lane = LaneKey::new(super::connection(), lane);
        let found = self.memory.find(&lane, name)?;
        serde_json::from_slice(&found.data).ok()
    }

    /// Lets time pass: sessions may expire, and what waits for [`TestBot::clock`] goes on.
    pub fn advance(&self, time: Duration) {
        self.hands.advance(time);
    }

    /// The clock that sessions expire by, for stages that need one.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Calls {
    /// The methods, in order.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        self.0.iter().map(Call::method).collect()
    }

    /// The texts of the calls that have one, in order: what a user would read.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let texts = self.0.iter().map(|call| call.params().get("text"));
        texts.filter_map(|text| text?.as_str()).collect()
    }
}

impl Deref for Calls {
    type Target = [Call];

    fn deref(&self) -> &[Call] {
        &self.0
    }
}

impl std::fmt::Debug for TestBot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.stages.iter().map(|stage| stage.name()).collect();
        f.debug_tuple("TestBot").field(&names).finish()
    }
}
