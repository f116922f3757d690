//! Who watches over the bots.

use std::sync::{Arc, OnceLock};

use bot_health::{BotHealth, HealthConfig, Signal};
use request_log::Observers;

use crate::config::Config;

/// Hears of every request and update before there is anybody to tell: the request log is older than what watches.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<OnceLock<BotHealth>>);

impl Ear {
    /// What the request log shows its records to.
    pub(crate) fn observers(&self) -> Observers {
        let ear = self.clone();
        let observers = Observers::none().with(move |seen| {
            if let (Some(health), Some(signal)) = (ear.0.get(), Signal::of(seen)) {
                health.hear(signal);
            }
        });
        observers.only_news()
    }

    /// From now on whatever is heard is told.
    pub(crate) fn tell(&self, health: &BotHealth) {
        // It is told once: there is one watch in a process.
        let _ = self.0.set(health.clone());
    }
}

/// What watching may cost.
pub(crate) fn watching(config: &Config) -> HealthConfig {
    HealthConfig {
        looks_at_endpoint: !config.custom_bot_api,
        ..HealthConfig::default()
    }
}
