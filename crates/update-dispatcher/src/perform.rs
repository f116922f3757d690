//! Who makes the calls.

use std::time::Duration;

use ids::ConnectionId;
use telegram_bot_api::Call;

/// Makes a Bot API call for a connection: the sender, or a list of what was called in a test.
pub trait Perform: Send + Sync + 'static {
    /// Makes the call, and answers when it is done. It must end by itself: the dispatcher sets no deadline, because a
    /// call that is broken off may have been made all the same.
    ///
    /// # Errors
    /// [`Failure`] when it was not done, or perhaps not.
    fn perform(
        &self,
        connection: &ConnectionId,
        call: &Call,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why a call was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether and when it is worth another try.
    pub retry: RetryWhen,
    /// Why, in a sentence that may be shown to an operator.
    pub reason: String,
}

/// Whether and when something that failed is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryWhen {
    /// When the update's back-off says so.
    Later,
    /// After this time, whatever the back-off says.
    After(Duration),
    /// When what the update needs is there again: neither the update nor its stage is at fault. Telegram is out of
    /// reach, the bot has no working token, or there is no room below a limit.
    ///
    /// It is not counted as a failed attempt. The update waits by [`crate::RetryPolicy::waits`], for as long as Telegram
    /// itself would have kept it ([`crate::Queued::expires_at`]).
    Waiting {
        /// How long to wait instead, where somebody said so, as Telegram does with a 429.
        told: Option<Duration>,
    },
    /// Not at all. A call that was refused for good is recorded, and the next one is made.
    Never,
}
