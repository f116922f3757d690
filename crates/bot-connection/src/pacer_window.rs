//! The tokens that Telegram's server has had to log in of late: it takes so many a minute and an hour from one address.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use telegram_bot_api::BotToken;

use crate::pace::{Pace, Share};

/// Who wants to use a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Bulk,
    /// Somebody who waits, for a project: its [`mark`].
    Person(u64),
    /// What had to be used, whatever the limits say.
    Nobody,
}

/// The uses of the past hour, oldest first: as many as the limit of an hour, and those that kept to none.
pub(crate) struct NewBots {
    minute: Share,
    hour: Share,
    uses: VecDeque<Use>,
}

struct Use {
    /// A token's hash: the token itself is held nowhere.
    token: u64,
    asker: Asker,
    at: Duration,
}

impl NewBots {
    pub(crate) const fn new(pace: &Pace) -> Self {
        Self {
            minute: pace.new_bots_per_minute,
            hour: pace.new_bots_per_hour,
            uses: VecDeque::new(),
        }
    }

    /// Uses a token now, if it is no new one or there is room for it.
    ///
    /// # Errors
    /// When to ask again.
    pub(crate) fn take(
        &mut self,
        token: &BotToken,
        asker: Asker,
        now: Duration,
    ) -> Result<(), Duration> {
        self.forget(now);
        if self.is_known(token, now) {
            return Ok(());
        }
        let until = self
            .room(MINUTE, self.minute, asker, now)
            .max(self.room(HOUR, self.hour, asker, now));
        if until > now {
            return Err(until);
        }
        self.push(token, asker, now);
        Ok(())
    }

    /// Writes a use down that was not asked for.
    pub(crate) fn used(&mut self, token: &BotToken, now: Duration) {
        self.forget(now);
        if !self.is_known(token, now) {
            self.push(token, Asker::Nobody, now);
        }
    }

    fn push(&mut self, token: &BotToken, asker: Asker, at: Duration) {
        let token = mark(token.expose());
        self.uses.push_back(Use { token, asker, at });
    }

    /// When there is room in a span, at the earliest: in all, and in the share of whoever asks.
    fn room(&self, span: Duration, share: Share, asker: Asker, now: Duration) -> Duration {
        let recent = |one: &&Use| now.saturating_sub(one.at) < span;
        let within = || self.uses.iter().rev().take_while(recent);
        let full = |of: &dyn Fn(&Use) -> bool, most: u32| {
            let nth = most.max(1) as usize - 1;
            within()
                .filter(|one| of(one))
                .nth(nth)
                .map(|one| one.at + span)
        };
        let all = full(&|_| true, share.all);
        let most = match asker {
            Asker::Bulk => share.bulk,
            Asker::Person(_) => share.project,
            Asker::Nobody => share.all,
        };
        let own = full(&|one| one.asker == asker, most);
        all.max(own).unwrap_or(now)
    }

    /// Whether Telegram's server still has this token in mind.
    fn is_known(&self, token: &BotToken, now: Duration) -> bool {
        let token = mark(token.expose());
        let recent = |one: &&Use| now.saturating_sub(one.at) < REMEMBERED;
        self.uses
            .iter()
            .rev()
            .take_while(recent)
            .any(|one| one.token == token)
    }

    fn forget(&mut self, now: Duration) {
        while self
            .uses
            .front()
            .is_some_and(|one| now.saturating_sub(one.at) >= HOUR)
        {
            self.uses.pop_front();
        }
    }
}

/// What a token or a project is known by here.
pub(crate) fn mark(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A second more than Telegram counts: what leaves here evenly may arrive closer together.
const MINUTE: Duration = Duration::from_secs(61);
const HOUR: Duration = Duration::from_secs(3_610);
/// For how long its server remembers a token that it refused, at most.
const REMEMBERED: Duration = Duration::from_secs(1_800);

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u32) -> BotToken {
        format!("{number}:{}", "A".repeat(35)).parse().unwrap()
    }

    fn person(number: u32) -> Asker {
        Asker::Person(u64::from(number))
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn work_in_bulk_leaves_room_for_people() {
        let mut bots = NewBots::new(&Pace::default());
        for number in 1..=15 {
            bots.take(&token(number), Asker::Bulk, seconds(1)).unwrap();
        }
        let refused = bots.take(&token(16), Asker::Bulk, seconds(1));
        assert_eq!(refused, Err(seconds(62)));
        for number in 16..=20 {
            bots.take(&token(number), person(number), seconds(31))
                .unwrap();
        }
        let refused = bots.take(&token(21), person(21), seconds(31));
        assert_eq!(refused, Err(seconds(62)));
        assert_eq!(bots.take(&token(3), Asker::Bulk, seconds(31)), Ok(()));
        bots.take(&token(21), Asker::Bulk, seconds(62)).unwrap();
    }

    #[test]
    fn who_invents_tokens_uses_up_nobody_elses_turns() {
        let mut bots = NewBots::new(&Pace::default());
        let (mut taken, mut now) = (0, seconds(0));
        for number in 1..=1_000 {
            taken += u32::from(bots.take(&token(number), person(7), now).is_ok());
            now += seconds(3);
        }
        // Five a minute, and thirty an hour.
        assert_eq!(taken, 30);
        let other = bots.take(&token(1_001), person(8), now);
        assert_eq!(other, Ok(()));
        assert_eq!(
            bots.take(&token(1), person(7), seconds(60)),
            Ok(()),
            "not new"
        );
        assert_eq!(bots.take(&token(1_002), Asker::Bulk, now), Ok(()));
    }

    #[test]
    fn never_more_than_the_limits_in_any_minute_or_hour() {
        let mut bots = NewBots::new(&Pace::default());
        let (mut now, mut taken) = (Duration::ZERO, Vec::new());
        for number in 1..=2_000 {
            while let Err(until) = bots.take(&token(number), Asker::Bulk, now) {
                assert!(until > now);
                now = until;
            }
            taken.push(now);
        }
        let most = |span: u64, count: usize| {
            taken
                .windows(count + 1)
                .all(|some| some[count] - some[0] > seconds(span))
        };
        assert!(most(60, 15) && most(3_600, 540));
        assert!(now <= seconds(4 * 3_700), "{now:?}");
    }

    #[test]
    fn a_token_that_was_not_used_for_long_is_new_again() {
        let mut bots = NewBots::new(&Pace::default());
        bots.used(&token(1), seconds(0));
        for number in 2..=20 {
            bots.take(&token(number), person(number), seconds(1_790))
                .unwrap();
        }
        assert_eq!(bots.take(&token(1), person(1), seconds(1_799)), Ok(()));
        bots.take(&token(21), person(21), seconds(1_799)).unwrap();
        assert!(bots.take(&token(1), person(1), seconds(1_801)).is_err());
    }
}
