//! Who makes the calls that handlers ask for: the sender, as long as it can be noted that they were made.

use bot_sender::BotSender;
use ids::ConnectionId;
use telegram_bot_api::Call;
use update_dispatcher::{Failure, Perform, RetryWhen};
use update_inbox::Inbox;

/// The sender, which waits while the inbox cannot write: on a full disk every start would answer the same people again.
pub(crate) struct NotedSender {
    pub(crate) inbox: Inbox,
    pub(crate) sender: BotSender,
}

impl Perform for NotedSender {
    async fn perform(&self, connection: &ConnectionId, call: &Call) -> Result<(), Failure> {
        if self.inbox.is_failing() {
            return Err(Failure {
                retry: RetryWhen::Waiting { told: None },
                reason:
                    "the inbox cannot be written, so it could not be noted that the call was made"
                        .to_owned(),
            });
        }
        self.sender.perform(connection, call).await
    }
}
