//! What a campaign of renewals remembers between its shares. A restart forgets it, which costs one look at each bot it was about.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ids::{ConnectionId, KeyId};

/// The memory of one server's campaign. Times are the clock's own count.
#[derive(Default)]
pub(crate) struct Campaign(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// Somebody is doing a share now.
    busy: bool,
    /// After which connection the next share begins.
    after: Option<ConnectionId>,
    /// Telegram has taken one webhook with today's settings.
    proven: bool,
    /// The bot to which Telegram refused today's address.
    refused: Option<ConnectionId>,
    /// How often it went wrong for all, without a success in between.
    faults: u32,
    /// Until when there is nothing to be found, under this key.
    quiet: Option<(Duration, KeyId)>,
    /// Bots that are left alone for a while.
    resting: HashMap<ConnectionId, Rest>,
}

#[derive(Clone, Copy)]
struct Rest {
    times: u32,
    until: Duration,
}

/// The one who does a share; over when dropped.
pub(crate) struct Doing<'a>(&'a Campaign);

impl Campaign {
    /// Begins a share, unless somebody else is at it.
    pub(crate) fn begin(&self) -> Option<Doing<'_>> {
        let mut memory = self.lock();
        let free = !std::mem::replace(&mut memory.busy, true);
        free.then(|| Doing(self))
    }

    /// Whether everything was found in order a moment ago.
    pub(crate) fn is_quiet(&self, key: KeyId, now: Duration) -> bool {
        self.lock()
            .quiet
            .is_some_and(|(until, of)| of == key && now < until)
    }

    /// Everything was found in order, or is left alone for a while.
    pub(crate) fn quiet(&self, key: KeyId, now: Duration) {
        self.lock().quiet = Some((now + LOOK_EVERY, key));
    }

    pub(crate) fn after(&self) -> Option<ConnectionId> {
        self.lock().after.clone()
    }

    pub(crate) fn go_on_after(&self, after: Option<ConnectionId>) {
        self.lock().after = after;
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.lock().proven
    }

    /// Telegram has taken a webhook.
    pub(crate) fn succeeded(&self, id: &ConnectionId) {
        let mut memory = self.lock();
        memory.proven = true;
        memory.faults = 0;
        memory.resting.remove(id);
    }

    /// A bot was found to be as it should be. That says nothing of whether Telegram would take the next one's webhook.
    pub(crate) fn noted(&self, id: &ConnectionId) {
        self.lock().resting.remove(id);
    }

    /// Telegram has refused today's address to this bot.
    pub(crate) fn refused(&self, id: &ConnectionId) {
        self.lock().refused = Some(id.clone());
    }

    pub(crate) fn refused_to(&self) -> Option<ConnectionId> {
        self.lock().refused.clone()
    }

    /// It was taken since, or somebody else has seen to that bot.
    pub(crate) fn taken(&self) {
        self.lock().refused = None;
    }

    /// It went wrong for a reason that is not this bot's alone. Answers how long to leave Telegram alone.
    pub(crate) fn failed(&self) -> Duration {
        let mut memory = self.lock();
        memory.proven = false;
        memory.faults = memory.faults.saturating_add(1);
        doubled(FAULT_FIRST, FAULT_LONGEST, memory.faults)
    }

    /// Leaves a bot alone: for ten minutes, then for ever longer, up to a day.
    pub(crate) fn rest(&self, id: &ConnectionId, now: Duration) {
        let mut memory = self.lock();
        let times = memory.resting.get(id).map_or(1, |rest| rest.times + 1);
        let until = now + doubled(REST_FIRST, REST_LONGEST, times);
        memory.resting.insert(id.clone(), Rest { times, until });
    }

    pub(crate) fn rests(&self, id: &ConnectionId, now: Duration) -> bool {
        self.lock()
            .resting
            .get(id)
            .is_some_and(|rest| now < rest.until)
    }

    /// How many are left alone now. Those that were left alone long ago, and not since, are forgotten.
    pub(crate) fn resting(&self, now: Duration) -> u64 {
        let mut memory = self.lock();
        memory
            .resting
            .retain(|_, rest| now < rest.until + REST_LONGEST);
        let resting = memory.resting.values();
        resting.filter(|rest| now < rest.until).count() as u64
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.0.lock().busy = false;
    }
}

fn doubled(first: Duration, longest: Duration, times: u32) -> Duration {
    first
        .saturating_mul(1 << times.saturating_sub(1).min(16))
        .min(longest)
}

/// What another process's start, a finished operation or a rival's end leaves due is found within this.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const FAULT_FIRST: Duration = Duration::from_secs(15);
const FAULT_LONGEST: Duration = Duration::from_secs(900);
const REST_FIRST: Duration = Duration::from_secs(600);
const REST_LONGEST: Duration = Duration::from_secs(24 * 3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_left_alone_for_ever_longer_up_to_a_day() {
        let (campaign, id) = (Campaign::default(), ConnectionId::from_parts(1, [1; 10]));
        let mut now = Duration::ZERO;
        for minutes in [10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440] {
            assert!(!campaign.rests(&id, now), "{minutes}");
            campaign.rest(&id, now);
            now += Duration::from_secs(minutes * 60 - 1);
            assert!(campaign.rests(&id, now), "{minutes}");
            assert_eq!(campaign.resting(now), 1);
            now += Duration::from_secs(1);
        }
        assert_eq!(campaign.resting(now), 0);
        campaign.succeeded(&id);
        campaign.rest(&id, now);
        assert!(!campaign.rests(&id, now + REST_FIRST));
    }

    #[test]
    fn what_was_only_noted_proves_nothing() {
        let (campaign, id) = (Campaign::default(), ConnectionId::from_parts(1, [1; 10]));
        campaign.rest(&id, Duration::ZERO);
        let first = campaign.failed();
        campaign.noted(&id);
        assert!(!campaign.rests(&id, Duration::ZERO) && !campaign.is_proven());
        assert_eq!(
            campaign.failed(),
            first * 2,
            "the faults before still count"
        );
        campaign.succeeded(&id);
        assert!(campaign.is_proven());
        assert_eq!(campaign.failed(), first);
    }

    #[test]
    fn one_does_a_share_at_a_time() {
        let campaign = Campaign::default();
        let first = campaign.begin();
        assert!(first.is_some() && campaign.begin().is_none());
        drop(first);
        assert!(campaign.begin().is_some());
    }
}
