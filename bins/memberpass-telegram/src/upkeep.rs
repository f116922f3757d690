//! What has to be looked after while the server serves.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::anyhow;
use bot_connection::BotConnections;
use bot_health::{BotHealth, Signal};
use bot_sender::TokenRefusals;
use clock::Clock;
use futures_util::FutureExt as _;
use management_api::Renewals;
use platform_events::PlatformEvents;
use store::{Database, SoleProcess};
use tokio_util::sync::CancellationToken;
use update_dispatcher::Dispatcher;
use update_inbox::Inbox;

/// What is looked after.
pub(crate) struct Upkeep {
    pub(crate) clock: Clock,
    pub(crate) connections: BotConnections,
    pub(crate) database: Database,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) events: PlatformEvents,
    pub(crate) health: BotHealth,
    pub(crate) inbox: Inbox,
    pub(crate) refusals: TokenRefusals,
    pub(crate) renewals: Renewals,
    pub(crate) sole: SoleProcess,
}

impl Upkeep {
    /// Looks after everything until told to stop, and gives the claim on the database back.
    ///
    /// # Errors
    /// When another process has the claim on the database, the inbox is broken, or something in here has panicked: a server that only
    /// looks as if it were looked after is worse than none. Nothing is handled any more, and the whole server has been told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<SoleProcess> {
        let Self {
            clock,
            connections,
            database,
            dispatcher,
            events,
            health,
            inbox,
            refusals,
            renewals,
            mut sole,
        } = self;
        // Boxed, since together they are large.
        let ended = until_panic(Box::pin(async {
            tokio::select! {
                taken = hold(&mut sole, &database, &clock) => {
                    Err(anyhow::Error::new(taken).context("the claim on the database is lost"))
                }
                () = inbox.broken() => Err(anyhow!("the inbox is broken, and stores nothing any more")),
                never = finish(&connections, &clock) => never,
                never = renew(&connections, &renewals, &clock) => never,
                never = expire(&inbox, &events, &clock) => never,
                never = hear(refusals, &health) => never,
                () = health.run() => Err(anyhow!("the watch over the bots has ended")),
                () = events.run() => Err(anyhow!("the delivery of events has ended")),
                () = stop.cancelled() => Ok(()),
            }
        }));
        let Err(fault) = ended.await else {
            return Ok(sole);
        };
        dispatcher.drain(Duration::ZERO).await;
        stop.cancel();
        Err(fault)
    }
}

/// What goes on for ever, or an error when it panics: the panic itself is in the log.
async fn until_panic(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    ended.unwrap_or_else(|_| Err(anyhow!("what looks after the server has panicked")))
}

/// Checks the claim, and claims anew when the session that held it is gone, until somebody else has it.
async fn hold(sole: &mut SoleProcess, database: &Database, clock: &Clock) -> store::Error {
    loop {
        clock.sleep(CLAIM_EVERY).await;
        let Err(error) = sole.check().await else {
            continue;
        };
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the session that holds the claim on the database is gone"
        );
        loop {
            match database.sole_process().await {
                Ok(anew) => {
                    *sole = anew;
                    tracing::info!("the database is claimed anew");
                    break;
                }
                Err(taken @ store::Error::Taken) => return taken,
                // The database is away, so nobody can serve it meanwhile.
                Err(_) => clock.sleep(CLAIM_EVERY).await,
            }
        }
    }
}

/// Ends, for ever, what a crash or an unreachable Telegram left unfinished.
async fn finish(connections: &BotConnections, clock: &Clock) -> ! {
    loop {
        if let Err(error) = connections.resume_unfinished().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "unfinished operations could not be listed"
            );
        }
        clock.sleep(FINISH_EVERY).await;
    }
}

/// Registers anew, for ever, what was registered with other settings, or from an older key.
async fn renew(connections: &BotConnections, renewals: &Renewals, clock: &Clock) -> ! {
    loop {
        clock.sleep(RENEW_EVERY).await;
        match connections.reregister_due().await {
            Ok(progress) => {
                renewals.note(&progress);
                let (done, failed, left) = (progress.done, progress.failed, progress.left);
                if done + failed > 0 {
                    tracing::info!(done, failed, left, "webhooks were registered anew");
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "registrations that are out of date could not be listed"
            ),
        }
    }
}

/// Lets go, for ever, of all whose time is over.
async fn expire(inbox: &Inbox, events: &PlatformEvents, clock: &Clock) -> ! {
    loop {
        clock.sleep(EXPIRE_EVERY).await;
        if let Err(error) = inbox.expire().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what is over could not be deleted"
            );
        }
        if let Err(error) = events.expire().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "events whose time is over could not be deleted"
            );
        }
    }
}

/// Has it looked into, for ever, whose token is refused.
async fn hear(mut refusals: TokenRefusals, health: &BotHealth) -> ! {
    while let Some(refused) = refusals.recv().await {
        health.hear(Signal::TokenRefused {
            connection: refused.connection,
            token_version: refused.token_version,
        });
    }
    std::future::pending().await
}

const CLAIM_EVERY: Duration = Duration::from_secs(1);
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
const FINISH_EVERY: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_fault_and_not_the_end_of_all_care() {
        let fault = until_panic(async {
            tokio::task::yield_now().await;
            panic!("a loop of the test")
        });
        let fault = fault.await.unwrap_err();
        assert!(fault.to_string().contains("panicked"), "{fault}");
        assert!(until_panic(async { Ok(()) }).await.is_ok());
    }
}
