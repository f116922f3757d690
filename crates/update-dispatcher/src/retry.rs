//! When to try again what failed.

use std::time::Duration;

use clock::{Entropy, Timestamp};

use crate::{DeadCause, Queued, RetryWhen};

/// When to try again what failed, as data: the first delay follows the first failure, and so on. When the delays are
/// used up the update becomes a dead letter; so there is one attempt more than there are delays.
///
/// A failure that says [`RetryWhen::After`] is waited for that long instead; it counts all the same. One that says
/// [`RetryWhen::Waiting`] does not count: it is waited for by delays of its own, which do not run out. What ends this is the
/// time for which Telegram itself would have kept the update. An urgent update is not tried again after that time
/// whatever failed. The first attempt is made however late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The delays.
    pub delays: Vec<Duration>,
    /// The delays of failures that do not count; the last one goes on.
    pub waits: Vec<Duration>,
    /// By how much a delay may grow at random, in percent, so that what failed together is not tried again together.
    pub jitter_percent: u8,
}

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Again(Timestamp),
    Dead(DeadCause),
}

impl Default for RetryPolicy {
    /// 1 s, 5 s, 30 s, 2 min, 10 min; of failures that do not count 1 s, 2 s, 5 s, 10 s, 30 s, then every minute; up to a
    /// tenth more.
    fn default() -> Self {
        Self {
            delays: [1, 5, 30, 120, 600].map(Duration::from_secs).into(),
            waits: [1, 2, 5, 10, 30, 60].map(Duration::from_secs).into(),
            jitter_percent: 10,
        }
    }
}

impl RetryPolicy {
    /// What to do with an update of which the failed attempts, this one included, are `queued.attempts`, and of which
    /// `waits` in a row, this one included, were not counted.
    pub(crate) fn decide(
        &self,
        queued: &Queued,
        waits: u32,
        retry: RetryWhen,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Verdict {
        let failed = usize::try_from(queued.attempts).unwrap_or(usize::MAX);
        let scheduled = self.delays.get(failed.saturating_sub(1));
        let delay = match (retry, scheduled) {
            (RetryWhen::Never, _) => return Verdict::Dead(DeadCause::Fatal),
            (RetryWhen::Waiting { told }, _) => self.spread(self.wait(waits, told), entropy),
            (_, None) => return Verdict::Dead(DeadCause::Exhausted),
            (RetryWhen::After(delay), Some(_)) => delay,
            (RetryWhen::Later, Some(delay)) => self.spread(*delay, entropy),
        };
        let at = now + delay;
        let bounded = queued.urgent || matches!(retry, RetryWhen::Waiting { .. });
        if bounded && at > queued.expires_at() {
            return Verdict::Dead(DeadCause::Expired);
        }
        Verdict::Again(at)
    }

    /// What somebody tells to wait is waited for, but never so short that an update spins.
    fn wait(&self, waits: u32, told: Option<Duration>) -> Duration {
        /// Of a policy without waits.
        const DEFAULT: Duration = Duration::from_secs(60);
        let step = |number: usize| {
            let wait = self.waits.get(number).or(self.waits.last());
            wait.copied().unwrap_or(DEFAULT)
        };
        match told {
            Some(told) => told.max(step(0)),
            None => step(usize::try_from(waits.saturating_sub(1)).unwrap_or(usize::MAX)),
        }
    }

    fn spread(&self, delay: Duration, entropy: &Entropy) -> Duration {
        if self.jitter_percent == 0 {
            return delay;
        }
        let most = delay.as_micros() * u128::from(self.jitter_percent) / 100;
        let more = entropy.below(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1));
        delay + Duration::from_micros(more)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ids::ConnectionId;
    use telegram_bot_api::{ChatId, UpdateId, UpdateKind};

    use super::*;
    use crate::{Lane, LaneKey, Seq};

    const START: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn failed(kind: UpdateKind, attempts: u32) -> Queued {
        let lane = LaneKey::new(ConnectionId::from_parts(1, [0; 10]), Lane::Chat(ChatId(1)));
        let queued = Queued::new(Seq::new(1), lane, UpdateId(1), kind, START, Bytes::new());
        Queued { attempts, ..queued }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_delays_are_used_up_one_by_one() {
        let policy = RetryPolicy {
            jitter_percent: 0,
            ..RetryPolicy::default()
        };
        let decide = |attempts| {
            let queued = failed(UpdateKind::Message, attempts);
            policy.decide(&queued, 0, RetryWhen::Later, START, &Entropy::seeded(1))
        };
        for (attempts, delay) in [(1, 1), (2, 5), (3, 30), (4, 120), (5, 600)] {
            assert_eq!(decide(attempts), Verdict::Again(START + seconds(delay)));
        }
        assert_eq!(decide(6), Verdict::Dead(DeadCause::Exhausted));
    }

    #[test]
    fn a_failure_may_know_better_but_counts() {
        let policy = RetryPolicy::default();
        let decide = |attempts, retry| {
            let queued = failed(UpdateKind::Message, attempts);
            policy.decide(&queued, 0, retry, START, &Entropy::seeded(1))
        };
        let after = RetryWhen::After(seconds(7));
        assert_eq!(decide(5, after), Verdict::Again(START + seconds(7)));
        assert_eq!(decide(6, after), Verdict::Dead(DeadCause::Exhausted));
        assert_eq!(decide(1, RetryWhen::Never), Verdict::Dead(DeadCause::Fatal));
    }

    #[test]
    fn a_failure_that_does_not_count_is_waited_for_as_long_as_telegram_keeps_the_update() {
        let policy = RetryPolicy {
            jitter_percent: 0,
            ..RetryPolicy::default()
        };
        let decide = |kind, waits, told, now| {
            let queued = failed(kind, 5);
            let retry = RetryWhen::Waiting { told };
            policy.decide(&queued, waits, retry, now, &Entropy::seeded(1))
        };
        let message = |waits, told| decide(UpdateKind::Message, waits, told, START);
        for (waits, delay) in [1, 2, 5, 10, 30, 60, 60, 60].into_iter().enumerate() {
            let waits = u32::try_from(waits).unwrap() + 1;
            let again = Verdict::Again(START + seconds(delay));
            assert_eq!(message(waits, None), again);
            let told = Verdict::Again(START + seconds(90));
            assert_eq!(message(waits, Some(seconds(90))), told);
        }
        let least = Verdict::Again(START + seconds(1));
        assert_eq!(message(9, Some(Duration::ZERO)), least);
        let expired = Verdict::Dead(DeadCause::Expired);
        for (kind, kept) in [
            (UpdateKind::Message, 86_400),
            (UpdateKind::CallbackQuery, 150),
        ] {
            let last = START + seconds(kept - 60);
            let again = Verdict::Again(START + seconds(kept));
            assert_eq!(decide(kind.clone(), 6, None, last), again);
            assert_eq!(decide(kind, 6, None, last + seconds(1)), expired);
        }
    }

    #[test]
    fn a_policy_without_waits_does_not_spin() {
        let policy = RetryPolicy {
            waits: Vec::new(),
            ..RetryPolicy::default()
        };
        let waiting = RetryWhen::Waiting { told: None };
        let queued = failed(UpdateKind::Message, 0);
        let verdict = policy.decide(&queued, 1, waiting, START, &Entropy::seeded(1));
        assert!(matches!(verdict, Verdict::Again(at) if at >= START + seconds(60)));
    }

    #[test]
    fn an_urgent_update_is_not_tried_again_when_nobody_waits_for_it() {
        let policy = RetryPolicy {
            jitter_percent: 0,
            ..RetryPolicy::default()
        };
        let decide = |now| {
            let queued = failed(UpdateKind::CallbackQuery, 3);
            policy.decide(&queued, 0, RetryWhen::Later, now, &Entropy::seeded(1))
        };
        assert_eq!(
            decide(START + seconds(120)),
            Verdict::Again(START + seconds(150))
        );
        assert_eq!(
            decide(START + seconds(121)),
            Verdict::Dead(DeadCause::Expired)
        );
    }

    #[test]
    fn jitter_only_adds_and_at_most_its_share() {
        let policy = RetryPolicy::default();
        let entropy = Entropy::seeded(1);
        let queued = failed(UpdateKind::Message, 5);
        for _ in 0..100 {
            let verdict = policy.decide(&queued, 0, RetryWhen::Later, START, &entropy);
            let Verdict::Again(at) = verdict else {
                panic!("{verdict:?}")
            };
            assert!((seconds(600)..=seconds(660)).contains(&at.since(START)));
        }
    }
}
