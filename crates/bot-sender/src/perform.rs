//! How the dispatcher's effects become calls, and which failures are worth another try.

use ids::ConnectionId;
use telegram_bot_api::{Call, Error, Retry};
use update_dispatcher::{Failure, Perform, RetryWhen};

use crate::error::SendError;
use crate::sender::BotSender;

impl Perform for BotSender {
    async fn perform(&self, connection: &ConnectionId, call: &Call) -> Result<(), Failure> {
        match self.call(connection, call).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure {
                retry: when(&error),
                reason: reason(&error),
            }),
        }
    }
}

/// What is not the update's fault does not use up its attempts. An effect whose fate is unknown is not repeated: the
/// client has retried it already if its meaning allows that.
fn when(error: &SendError) -> RetryWhen {
    match error {
        // An update that runs while its bot is disconnected is parked with the call it could not make.
        SendError::Directory(_) | SendError::NotConnected | SendError::Sealed => WAITING,
        SendError::Forbidden { .. } => RetryWhen::Never,
        // A rotation brings a token that works; until then the lane keeps its order and waits.
        SendError::Telegram(error) if error.is_unauthorized() => WAITING,
        SendError::Telegram(Error::Throttled { retry_after, .. }) => RetryWhen::Waiting {
            told: Some(*retry_after),
        },
        SendError::Telegram(error) => match error.retry() {
            // Not reached. How long that lasts nobody knows, so the dispatcher's own back-off says when.
            Retry::After(_) => WAITING,
            _ => RetryWhen::Never,
        },
    }
}

const WAITING: RetryWhen = RetryWhen::Waiting { told: None };

fn reason(error: &SendError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
