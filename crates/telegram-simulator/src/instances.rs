//! Which tokens the server runs an instance for, and how many new ones a caller may start.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use crate::ids::Token;

/// New instances for one caller, and for all: so many in such a time.
const PER_CALLER: [(usize, Duration); 2] = [
    (20, Duration::from_secs(60)),
    (600, Duration::from_secs(3_600)),
];
const IN_ALL: [(usize, Duration); 2] = [
    (1_000, Duration::from_secs(60)),
    (10_000, Duration::from_secs(3_600)),
];

/// How long a token that was refused is remembered.
const REFUSED_FOR: Duration = Duration::from_secs(1_800);

/// The longest window there is; what is older is forgotten.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The instances that run, and when which were started.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    /// Whether new ones are limited.
    pub(crate) limited: bool,
    /// Until when; for ever where the token is good.
    running: HashMap<Token, Option<Duration>>,
    by_caller: HashMap<IpAddr, VecDeque<Duration>>,
    all: VecDeque<Duration>,
}

impl Instances {
    /// Lets a call through to its token's instance, which is started if it does not run; else after how many seconds to come again.
    pub(crate) fn admit(
        &mut self,
        token: &Token,
        caller: IpAddr,
        now: Duration,
    ) -> Result<(), u32> {
        let runs = match self.running.get(token) {
            Some(None) => true,
            Some(Some(until)) => now < *until,
            None => false,
        };
        if runs {
            return Ok(());
        }
        let own = self.by_caller.entry(caller).or_default();
        if self.limited {
            let wait = wait(own, &PER_CALLER, now).max(wait(&mut self.all, &IN_ALL, now));
            if !wait.is_zero() {
                return Err(u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX));
            }
            own.push_back(now);
            self.all.push_back(now);
        }
        self.running.insert(token.clone(), None);
        Ok(())
    }

    /// A token's log-in was refused: that is remembered for a while.
    pub(crate) fn refused(&mut self, token: &Token, now: Duration) {
        self.running
            .entry(token.clone())
            .and_modify(|until| _ = until.get_or_insert(now + REFUSED_FOR));
    }

    /// A token's instance has ended.
    pub(crate) fn ended(&mut self, token: &Token) {
        self.running.remove(token);
    }
}

/// How long until every limit has room for one more.
fn wait(starts: &mut VecDeque<Duration>, limits: &[(usize, Duration)], now: Duration) -> Duration {
    while starts.front().is_some_and(|start| *start + LONGEST <= now) {
        starts.pop_front();
    }
    let waits = limits.iter().map(|(most, window)| {
        let first_of_full = starts.len().checked_sub(*most);
        let first = first_of_full.and_then(|place| starts.get(place));
        first.map_or(Duration::ZERO, |start| {
            (*start + *window).saturating_sub(now)
        })
    });
    waits.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [u8; 4] = [127, 0, 0, 1];
    const THERE: [u8; 4] = [192, 0, 2, 1];

    fn start(instances: &mut Instances, number: u64, caller: [u8; 4], at: u64) -> Result<(), u32> {
        let token = Token::new(number.to_string());
        instances.admit(&token, caller.into(), Duration::from_secs(at))
    }

    #[test]
    fn twenty_a_minute_and_six_hundred_an_hour_for_each_caller() {
        let mut instances = Instances {
            limited: true,
            ..Instances::default()
        };
        for number in 0..20 {
            assert_eq!(start(&mut instances, number, HERE, 10), Ok(()));
        }
        assert_eq!(start(&mut instances, 20, HERE, 30), Err(40));
        assert_eq!(start(&mut instances, 5, HERE, 30), Ok(()), "it runs");
        assert_eq!(start(&mut instances, 20, THERE, 30), Ok(()));
        for number in 21..601 {
            let at = 70 + 60 * ((number - 21) / 20);
            assert_eq!(start(&mut instances, number, HERE, at), Ok(()), "{number}");
        }
        // The twenty of the first minute leave the hour at 3610.
        assert_eq!(start(&mut instances, 700, HERE, 1_870), Err(1_740));
        assert_eq!(start(&mut instances, 700, HERE, 3_610), Ok(()));
    }

    #[test]
    fn a_refused_token_is_remembered_for_half_an_hour_and_limits_can_be_off() {
        let mut instances = Instances::default();
        for number in 0..100 {
            assert_eq!(start(&mut instances, number, HERE, 0), Ok(()));
        }
        let token = Token::new("7".into());
        instances.refused(&token, Duration::ZERO);
        instances.refused(&token, Duration::from_secs(900));
        instances.limited = true;
        for number in 200..220 {
            assert_eq!(start(&mut instances, number, HERE, 1_799), Ok(()));
        }
        assert_eq!(start(&mut instances, 7, HERE, 1_799), Ok(()));
        assert_eq!(start(&mut instances, 7, HERE, 1_800), Err(59));
    }
}
