//! What handles updates.

use std::sync::Arc;
use std::time::Duration;

use bot_sender::BotSender;
use clock::{Clock, Entropy};
use update_dispatcher::{Dispatcher, DispatcherConfig, Stage};

use super::stores::Stores;
use crate::config::Config;
use crate::greeting;
use crate::journal::LoggedJournal;
use crate::performing::NotedSender;

/// Starts handling what the inbox holds, the updates of disconnected and of paused bots excepted.
pub(crate) async fn dispatcher(
    config: &Config,
    sender: BotSender,
    kept: &Stores,
    clock: &Clock,
    entropy: &Entropy,
) -> anyhow::Result<Dispatcher> {
    let (directory, inbox) = (&kept.directory, &kept.inbox);
    let journal = LoggedJournal {
        inbox: inbox.journal(),
        log: kept.request_log.clone(),
    };
    let disconnected = directory.connections_disconnected_ids().await?;
    // Learns whether anything can be written before the first call is made; what fails here is logged by the inbox.
    let _ = clock.timeout(FIRST_WRITE, inbox.ready()).await;
    let dispatcher = Dispatcher::start(
        DispatcherConfig::default(),
        stages(config),
        Arc::new(journal),
        Arc::new(NotedSender {
            inbox: inbox.clone(),
            sender,
        }),
        clock.clone(),
        entropy.clone(),
    );
    for connection in disconnected {
        dispatcher.pause(&connection);
        inbox.park(&connection);
    }
    for connection in inbox.held() {
        dispatcher.pause(&connection);
    }
    inbox.attach(dispatcher.clone());
    Ok(dispatcher)
}

/// What handles updates, in order. A project's own replies and its forward will stand before the greeting.
fn stages(config: &Config) -> Vec<Arc<dyn Stage>> {
    let mut stages: Vec<Arc<dyn Stage>> = Vec::new();
    if config.greeting {
        stages.push(Arc::new(greeting::router()));
    }
    stages
}

/// How long the first write may take before updates are handled all the same.
const FIRST_WRITE: Duration = Duration::from_secs(5);
