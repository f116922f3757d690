//! Turns with Telegram: for tokens that are new to it, for webhooks, and for campaigns over many bots.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Clock;
use ids::{ProjectId, TelegramBotId};
use telegram_bot_api::BotToken;

use crate::pace::Pace;
use crate::pacer_window::{Asker, NewBots, mark};

/// Hands out turns. Times are the clock's own count.
pub(crate) struct Pacer {
    clock: Clock,
    pace: Pace,
    turns: Mutex<Turns>,
}

struct Turns {
    new_bots: NewBots,
    /// When each bot's next setWebhook may be.
    webhooks: HashMap<TelegramBotId, Duration>,
    /// When the next renewal may be.
    renewal: Duration,
    /// Until when nothing is done in bulk, because Telegram asks to wait.
    stopped: Duration,
}

impl Pacer {
    pub(crate) fn new(clock: Clock, pace: Pace) -> Self {
        let turns = Turns {
            new_bots: NewBots::new(&pace),
            webhooks: HashMap::new(),
            renewal: Duration::ZERO,
            stopped: Duration::ZERO,
        };
        Self {
            clock,
            pace,
            turns: Mutex::new(turns),
        }
    }

    /// Waits for the turn of a token that somebody pasted, if it comes soon.
    ///
    /// # Errors
    /// After how long to come back, when it does not.
    pub(crate) async fn pasted(
        &self,
        project: &ProjectId,
        token: &BotToken,
    ) -> Result<(), Duration> {
        let asker = Asker::Person(mark(project.as_str()));
        let deadline = self.clock.elapsed() + self.pace.patience;
        loop {
            let now = self.clock.elapsed();
            let Err(until) = self.lock().new_bots.take(token, asker, now) else {
                return Ok(());
            };
            if until > deadline {
                return Err(until - now);
            }
            self.clock.sleep(until - now).await;
        }
    }

    /// Waits for the turn of a token among many, however long that takes.
    pub(crate) async fn in_bulk(&self, token: &BotToken) {
        loop {
            let now = self.clock.elapsed();
            let until = {
                let mut turns = self.lock();
                if turns.stopped > now {
                    turns.stopped
                } else {
                    match turns.new_bots.take(token, Asker::Bulk, now) {
                        Ok(()) => return,
                        Err(until) => until,
                    }
                }
            };
            self.clock.sleep(until - now).await;
        }
    }

    /// A token was used that Telegram may have to look at anew, whatever the limits say.
    pub(crate) fn used(&self, token: &BotToken) {
        let now = self.clock.elapsed();
        self.lock().new_bots.used(token, now);
    }

    /// Waits until this bot's webhook may be set: once a second.
    pub(crate) async fn webhook(&self, bot: TelegramBotId) {
        let now = self.clock.elapsed();
        let turn = {
            let mut turns = self.lock();
            if turns.webhooks.len() >= SWEEP_FROM {
                turns.webhooks.retain(|_, next| *next > now);
            }
            let next = turns.webhooks.entry(bot).or_default();
            let turn = now.max(*next);
            *next = turn + WEBHOOK_EVERY;
            turn
        };
        if turn > now {
            self.clock.sleep(turn - now).await;
        }
    }

    /// Waits for the turn to register one bot's webhook anew.
    ///
    /// # Errors
    /// For how much longer nothing is done in bulk, if Telegram has asked to wait by then.
    pub(crate) async fn renewal(&self) -> Result<(), Duration> {
        let every = Duration::from_secs(1) / self.pace.renewals_per_second.max(1);
        let now = self.clock.elapsed();
        let turn = {
            let mut turns = self.lock();
            if turns.stopped > now {
                return Err(turns.stopped - now);
            }
            let turn = now.max(turns.renewal);
            turns.renewal = turn + every;
            turn
        };
        if turn > now {
            self.clock.sleep(turn - now).await;
        }
        let left = self.stopped_for();
        if left.is_zero() { Ok(()) } else { Err(left) }
    }

    /// Telegram asks to wait: nothing is done in bulk for so long.
    pub(crate) fn stop(&self, span: Duration) {
        let until = self.clock.elapsed().saturating_add(span);
        let mut turns = self.lock();
        turns.stopped = turns.stopped.max(until);
    }

    /// For how much longer nothing is done in bulk.
    pub(crate) fn stopped_for(&self) -> Duration {
        self.lock().stopped.saturating_sub(self.clock.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// docs/TELEGRAM.md: "What setWebhook replaces".
const WEBHOOK_EVERY: Duration = Duration::from_secs(1);
/// Below so many bots nobody looks for those whose turn is long over.
const SWEEP_FROM: usize = 1_024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clock::ManualClock;

    use super::*;

    fn pacer() -> (Arc<Pacer>, Clock, ManualClock) {
        let (clock, hands) = Clock::manual();
        let pacer = Arc::new(Pacer::new(clock.clone(), Pace::default()));
        (pacer, clock, hands)
    }

    fn project(number: u32) -> ProjectId {
        format!("prj_{number}").parse().unwrap()
    }

    fn token(number: u32) -> BotToken {
        format!("{number}:{}", "A".repeat(35)).parse().unwrap()
    }

    #[tokio::test]
    async fn a_pasted_token_waits_a_moment_and_is_then_told_when_to_come_back() {
        let (pacer, _, hands) = pacer();
        for number in 1..=20 {
            pacer
                .pasted(&project(number), &token(number))
                .await
                .unwrap();
        }
        let wait = pacer.pasted(&project(21), &token(21)).await.unwrap_err();
        assert_eq!(wait, Duration::from_secs(61));
        pacer.pasted(&project(7), &token(7)).await.unwrap();
        hands.advance(Duration::from_secs(60));
        let waiting = tokio::spawn({
            let pacer = Arc::clone(&pacer);
            async move { pacer.pasted(&project(21), &token(21)).await }
        });
        hands.sleepers(1).await;
        hands.advance(Duration::from_secs(1));
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_bots_webhook_is_set_once_a_second() {
        let (pacer, clock, hands) = pacer();
        let bot = TelegramBotId::new(1);
        pacer.webhook(bot).await;
        pacer.webhook(TelegramBotId::new(2)).await;
        assert!(
            clock
                .timeout(Duration::ZERO, pacer.webhook(bot))
                .await
                .is_err()
        );
        hands.advance(Duration::from_secs(2));
        pacer.webhook(bot).await;
    }

    #[tokio::test]
    async fn renewals_have_their_rate_and_stop_when_telegram_asks() {
        let (pacer, clock, hands) = pacer();
        for number in 0..30 {
            let waiting = tokio::spawn({
                let pacer = Arc::clone(&pacer);
                async move { pacer.renewal().await }
            });
            while !waiting.is_finished() {
                hands.advance(Duration::from_millis(10));
                tokio::task::yield_now().await;
            }
            waiting.await.unwrap().unwrap();
            assert!(clock.elapsed() >= Duration::from_millis(100 * number));
        }
        pacer.stop(Duration::from_secs(30));
        hands.advance(Duration::from_secs(10));
        assert_eq!(pacer.renewal().await, Err(Duration::from_secs(20)));
        hands.advance(Duration::from_secs(20));
        assert_eq!(pacer.renewal().await, Ok(()));
    }
}
