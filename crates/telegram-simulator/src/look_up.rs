//! The name service, asked again while a webhook lasts.

use std::time::Duration;

use crate::ids::BotId;
use crate::world::World;

/// A webhook's name is looked up again after this, and up to this much more.
const AFTER: Duration = Duration::from_secs(30 * 60);
const JITTER_MS: u64 = 3 * 60 * 1_000;

impl World {
    /// When a name that is looked up now is looked up again.
    pub(crate) fn next_look_up(&self) -> Duration {
        let jitter = Duration::from_millis(self.entropy.below(JITTER_MS));
        self.clock.elapsed() + AFTER + jitter
    }

    /// Looks a webhook's name up again if it is time, or `at_once`. A name that cannot be resolved changes nothing, nor does one
    /// whose webhook was set with a fixed address.
    pub(crate) fn look_up(&mut self, bot: BotId, at_once: bool) {
        let now = self.clock.elapsed();
        let webhook = self.bots.get(&bot).and_then(|bot| bot.webhook.as_ref());
        let is_due = webhook.is_some_and(|webhook| {
            webhook.fixed_address.is_empty() && (at_once || now >= webhook.look_up_at)
        });
        let next = is_due.then(|| self.next_look_up());
        let webhook = self.bots.get_mut(&bot).and_then(|bot| bot.webhook.as_mut());
        let (Some(webhook), Some(next)) = (webhook, next) else {
            return;
        };
        webhook.look_up_at = next;
        if let Ok(target) = self.resolve.webhook_target(&webhook.parsed.host, "") {
            webhook.target = target;
            webhook.wake.notify_one();
        }
    }

    /// Looks the name of every webhook on a host up again.
    pub(crate) fn look_up_host(&mut self, host: &str) {
        let host = host.to_ascii_lowercase();
        let on_host = self.bots.values().filter(|bot| {
            let webhook = bot.webhook.as_ref();
            webhook.is_some_and(|webhook| webhook.parsed.host == host)
        });
        let bots: Vec<BotId> = on_host.map(|bot| bot.id).collect();
        for bot in bots {
            self.look_up(bot, true);
        }
    }
}
