use std::time::Duration;

use serde_json::Value;

use crate::bot::Bot;
use crate::control::handle::Control;
use crate::error::Error;
use crate::failures::Failure;
use crate::faults::DeliveryFailure;
use crate::ids::BotId;
use crate::resolve::Resolution;

/// Names and failures.
impl Control {
    /// Tells the name service of a host. Webhooks that are set keep the address they have for half an hour, or until
    /// [`Self::look_up_again`].
    ///
    /// # Errors
    /// [`Error::TlsNotSupported`].
    pub fn resolve(&self, host: &str, resolution: Resolution) -> Result<(), Error> {
        if resolution.tls {
            return Err(Error::TlsNotSupported);
        }
        self.change(|world| world.resolve.set(host, resolution));
        Ok(())
    }

    /// The webhooks of a host have its name looked up now, as if half an hour had passed: new connections lead to the address that
    /// it has now, the others end with their next answer.
    pub fn look_up_again(&self, host: &str) {
        self.change(|world| world.look_up_host(host));
    }

    /// setWebhook takes so long for this host, by the simulator's clock, because the name service does. Another call may end it in
    /// the middle.
    pub fn resolve_slowly(&self, host: &str, span: Duration) {
        self.change(|world| world.resolve.slow(host, span));
    }

    /// The name service knows a host no more. Webhooks that are set go on with the address they have.
    pub fn unresolve(&self, host: &str) {
        self.change(|world| world.resolve.remove(host));
    }

    /// Makes calls fail.
    pub fn fail(&self, failure: Failure) {
        self.change(|world| world.failures.add(failure));
    }

    /// No more failures.
    pub fn clear_failures(&self) {
        self.change(|world| world.failures.clear());
    }

    /// Makes deliveries fail.
    pub fn fail_delivery(&self, failure: DeliveryFailure) {
        self.change(|world| {
            world.faults.add(failure);
            world.bots.values().for_each(Bot::wake);
        });
    }

    /// A bot's deliveries fail no more; without a bot, nobody's do.
    pub fn heal_delivery(&self, bot: Option<BotId>) {
        self.change(|world| world.faults.clear(bot));
    }

    /// Whether a caller may start only 20 bots a minute and 600 an hour, that is: use so many tokens that were not used before. Off
    /// unless switched on. A bot that runs is not counted.
    pub fn limit_new_bots(&self, limited: bool) {
        self.change(|world| world.instances.limited = limited);
    }

    /// The simulator's time, in seconds from 1970.
    pub(crate) fn unix_seconds(&self) -> i64 {
        self.shared.clock.now().unix_seconds()
    }

    /// The `Date` of answers is so far ahead of the simulator's clock; below zero, behind it.
    pub fn skew_clock(&self, seconds: i64) {
        self.change(|world| world.ahead_seconds = seconds);
    }

    /// Every call of a method is answered with this result, whatever it asks.
    pub fn answer_with(&self, method: &str, result: Value) {
        let method = method.to_ascii_lowercase();
        self.change(|world| world.answers.insert(method, result));
    }

    /// Telegram lost its own link for a while: getWebhookInfo shows this second, counted from 1970.
    ///
    /// # Errors
    /// [`Error::NoBot`].
    pub fn synchronization_error(&self, bot: BotId, date: i64) -> Result<(), Error> {
        self.change(|world| {
            world.bot(bot)?.synchronization_error = Some(date);
            Ok(())
        })
    }
}
