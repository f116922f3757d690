//! How long Postgres may leave us without an answer: a peer that has vanished says nothing, for ever.

use std::time::Duration;

use crate::error::{Error, Result};

/// Waits for the answers of one connection, each for so long at most. When one did not come, no other is waited for: what the
/// connection would say next belongs to a question of before.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    limit: Duration,
    is_over: bool,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        let is_over = false;
        Self { limit, is_over }
    }

    /// What `work` answers, in time.
    pub(crate) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        if self.is_over {
            return Err(Error::Connect(Silent(self.limit).into()));
        }
        let answer = within(self.limit, work).await;
        self.is_over = answer.is_err();
        answer
    }
}

/// What `work` answers, in so long at most.
#[expect(
    clippy::disallowed_methods,
    reason = "whether a machine elsewhere still answers is a question of this machine's time, as the driver's own limits are"
)]
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T> {
    let answer = tokio::time::timeout(limit, work).await;
    answer.map_err(|_| Error::Connect(Silent(limit).into()))
}

#[derive(Debug, thiserror::Error)]
#[error("Postgres has not answered for {0:?}")]
struct Silent(Duration);
