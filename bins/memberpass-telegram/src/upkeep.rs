//! What has to be looked after from time to time while the server serves.

use std::time::Duration;

use anyhow::Context as _;
use bot_connection::BotConnections;
use bot_sender::TokenRefusals;
use clock::Clock;
use store::SoleProcess;
use tokio_util::sync::CancellationToken;
use update_inbox::Inbox;

/// What is looked after.
pub(crate) struct Upkeep {
    pub(crate) clock: Clock,
    pub(crate) connections: BotConnections,
    pub(crate) inbox: Inbox,
    pub(crate) refusals: TokenRefusals,
    pub(crate) sole: SoleProcess,
}

impl Upkeep {
    /// Looks after everything at once and then every few seconds, until told to stop, and gives the database's claim back.
    ///
    /// # Errors
    /// When the claim is lost: another process may serve the database now, so this one has told itself to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<SoleProcess> {
        loop {
            if let Err(error) = self.sole.check().await {
                stop.cancel();
                return Err(error).context(
                    "the claim on the database is lost; another process may serve it now",
                );
            }
            // Telegram may keep us waiting; what is broken off is resumed after the next start.
            if stop.run_until_cancelled(self.look()).await.is_none() || !self.pause(&stop).await {
                return Ok(self.sole);
            }
        }
    }

    async fn look(&self) {
        if let Err(error) = self.connections.resume_unfinished().await {
            tracing::warn!(%error, "unfinished operations could not be listed");
        }
        if let Err(error) = self.inbox.expire().await {
            tracing::warn!(%error, "parked updates could not be looked through");
        }
    }

    /// Answers false when told to stop meanwhile.
    async fn pause(&mut self, stop: &CancellationToken) -> bool {
        let sleep = self.clock.sleep(EVERY);
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                () = &mut sleep => return true,
                () = stop.cancelled() => return false,
                Some(refused) = self.refusals.recv() => tracing::warn!(
                    connection = %refused.connection,
                    "Telegram does not accept this bot's token any more: paste a new one"
                ),
            }
        }
    }
}

const EVERY: Duration = Duration::from_secs(15);
