//! Where the dispatcher says what became of an update, and where it gets what it could not keep in memory.

use std::time::Duration;

use clock::Timestamp;
use ids::ConnectionId;
use telegram_bot_api::UpdateId;

use crate::{Attempt, LaneKey, Progress, Queued, Seq, SessionChange, StoredSession};

/// The durable side of the dispatcher: the inbox, or a list in memory in a test.
///
/// `finished`, `retry` and `dead` must not block: they are called on the path of every update, and ride in whatever
/// the journal writes next. At the end of an attempt one of the three is told, before the next update of its lane starts,
/// and none where there is nothing new to remember: when a shutdown broke the attempt off before it had made a call, and
/// when an update goes on waiting where it waited before ([`crate::RetryWhen::Waiting`]), which is told the 1st, 2nd, 4th,
/// 8th time and so on. What was told last is true still: the next attempt of such an update goes on from there.
///
/// Each of the three may carry changes of sessions. They are to be written in the same transaction, those of an earlier
/// telling of the same update before those of a later one, and those of one lane in the order in which they were told.
pub trait Journal: Send + Sync + 'static {
    /// Why a journal cannot be read.
    type Error: std::error::Error + Send + Sync + 'static;

    /// An update was handled: it may be forgotten.
    fn finished(&self, seq: Seq, outcome: Outcome);

    /// An attempt failed and there will be another: after a restart, go on from here.
    fn retry(&self, seq: Seq, retry: Retry);

    /// The handling failed for good: keep the update where people can see it and replay it.
    fn dead(&self, seq: Seq, dead: Dead);

    /// The unfinished updates of a lane that come after `after`, in order: `limit` of them, or fewer when there are no more.
    ///
    /// Called when a lane of which some were [`crate::Offer::Spilled`] has run dry in memory. What was told by
    /// `finished`, `retry` and `dead` before the call must show in the answer.
    fn refill(
        &self,
        lane: &LaneKey,
        after: Seq,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Queued>, Self::Error>> + Send;

    /// The unfinished updates of a connection that come after `after`, in order, under the same rules.
    ///
    /// Called when a connection is resumed, and for one that has more updates waiting than memory is given to it.
    fn backlog(
        &self,
        connection: &ConnectionId,
        after: Seq,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Queued>, Self::Error>> + Send;

    /// What a stage remembers of a lane, whether or not its time is over. Changes that were told before the call must show
    /// in the answer. It is asked for by handlers that use sessions, and by nobody else.
    fn session(
        &self,
        lane: &LaneKey,
        name: &str,
    ) -> impl Future<Output = Result<Option<StoredSession>, Self::Error>> + Send;
}

/// Which update it was, in Telegram's own terms: what a log of requests knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateRef {
    /// Whose bot it came to.
    pub connection: ConnectionId,
    /// Its number.
    pub update_id: UpdateId,
}

/// How the handling of an update ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which update it was.
    pub update: UpdateRef,
    /// How long this process was at work on it, in all its attempts.
    pub took: Duration,
    /// When.
    pub handled_at: Timestamp,
    /// How many calls were made in this attempt and those before it in this process, refused ones included.
    pub calls: u32,
    /// Failed attempts before it, as far as they count.
    pub attempts: u32,
    /// Calls that Telegram refused for good, the first few of them. They did not stop the others.
    pub refused: Vec<RefusedCall>,
    /// What the stages that are done now, and were not when something was told before, want to be remembered.
    pub sessions: Vec<SessionChange>,
}

/// A call that was refused for good, such as a message to somebody who blocked the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCall {
    /// Which call of which stage.
    pub at: Progress,
    /// The Bot API method.
    pub method: String,
    /// Why, as the performer told it.
    pub reason: String,
}

/// What is to be remembered of an update that will be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Where to go on: [`Queued::progress`] after a restart.
    pub progress: Progress,
    /// Failed attempts so far, as far as they count: [`Queued::attempts`].
    pub attempts: u32,
    /// When to try again: [`Queued::not_before`].
    pub not_before: Timestamp,
    /// Why the last attempt failed.
    pub reason: String,
    /// The last failures, this one included, oldest first: [`Queued::history`].
    pub history: Vec<Attempt>,
    /// What the stages that are done now, and were not when something was told before, want to be remembered.
    pub sessions: Vec<SessionChange>,
}

/// Why the handling of an update was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Which update it was.
    pub update: UpdateRef,
    /// How long this process was at work on it, in all its attempts.
    pub took: Duration,
    /// What kind of end it was.
    pub cause: DeadCause,
    /// Why the last attempt failed, in a sentence.
    pub reason: String,
    /// How far it came: a replay goes on from here.
    pub progress: Progress,
    /// Failed attempts, as far as they count.
    pub attempts: u32,
    /// The last failures, oldest first.
    pub history: Vec<Attempt>,
    /// When it was given up.
    pub dead_at: Timestamp,
    /// What the stages that are done now, and were not when something was told before, want to be remembered.
    pub sessions: Vec<SessionChange>,
}

/// What made an update a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadCause {
    /// Its body is not an update that we can read.
    Unreadable,
    /// A stage said that trying again is of no use.
    Fatal,
    /// It failed as often as it may.
    Exhausted,
    /// The next attempt would come after the time for which Telegram itself would have kept the update.
    Expired,
}

impl DeadCause {
    /// Its name, as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Fatal => "fatal",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
        }
    }
}

impl std::fmt::Display for DeadCause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
