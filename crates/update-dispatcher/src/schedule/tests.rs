//! Any interleaving of arrivals, ends, failures, pauses, refills and restarts, against a model of what is on disk.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use proptest::prelude::*;
use telegram_bot_api::{ChatId, UpdateId, UpdateKind};

use super::{Ask, Count, Schedule, Subject};
use crate::item::Item;
use crate::{Lane, LaneKey, Limits, Offer, Queued, Seq, Totals};

const LIMITS: Limits = Limits {
    running: 4,
    running_per_bot: 2,
    loaded: 12,
    loaded_bytes: 12 * 400,
    loaded_per_bot: 8,
    waiting_per_lane: 3,
    refill: 3,
    refills: 2,
};
const BOTS: u8 = 3;
const LANES: u8 = 3;

#[derive(Clone, Debug)]
enum Step {
    Arrive {
        bot: u8,
        lane: u8,
        urgent: bool,
    },
    OfferAgain(prop::sample::Index),
    End(prop::sample::Index),
    Fail(prop::sample::Index, u8),
    Pause(u8),
    Resume(u8),
    Wait(u8),
    /// The journal looks for the answer to a question.
    Read(prop::sample::Index),
    /// The answer arrives; or the news that there is none.
    Deliver(prop::sample::Index, bool),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        12 => (0..BOTS, 0..LANES, any::<bool>())
            .prop_map(|(bot, lane, urgent)| Step::Arrive { bot, lane, urgent }),
        2 => index().prop_map(Step::OfferAgain),
        6 => index().prop_map(Step::End),
        4 => (index(), 0..20_u8).prop_map(|(which, delay)| Step::Fail(which, delay)),
        1 => (0..BOTS).prop_map(Step::Pause),
        2 => (0..BOTS).prop_map(Step::Resume),
        3 => (0..20_u8).prop_map(Step::Wait),
        4 => index().prop_map(Step::Read),
        4 => (index(), prop::bool::weighted(0.8)).prop_map(|(which, good)| Step::Deliver(which, good)),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_holds_and_nothing_is_lost(steps in prop::collection::vec(step(), 1..250)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.go_on();
        }
        world.finish_all();
    }
}

/// The disk, the caller with its cursor, and the time.
struct World {
    schedule: Schedule,
    /// Unfinished updates as they are on disk.
    disk: BTreeMap<Seq, Queued>,
    last: i64,
    /// Everything up to here was offered.
    cursor: Seq,
    #[expect(clippy::vec_box, reason = "as the schedule hands them out")]
    running: Vec<Box<Item>>,
    asks: Vec<(Ask, Option<Vec<Queued>>)>,
    paused: [bool; BOTS as usize],
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        Self {
            schedule: Schedule::new(LIMITS),
            disk: BTreeMap::new(),
            last: 0,
            cursor: Seq::ZERO,
            running: Vec::new(),
            asks: Vec::new(),
            paused: [false; BOTS as usize],
            now: Timestamp::from_unix_seconds(1_000),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Arrive { bot, lane, urgent } => self.arrive(bot, lane, urgent),
            Step::OfferAgain(which) if !self.disk.is_empty() => {
                let seq = *which.get(&self.disk.keys().copied().collect::<Vec<_>>());
                if seq <= self.cursor {
                    self.schedule.offer(self.disk[&seq].clone(), self.now);
                }
            }
            Step::End(which) if !self.running.is_empty() => {
                let item = self.running.swap_remove(which.index(self.running.len()));
                self.disk.remove(&item.queued.seq);
                self.schedule.ended(item.lane, None, self.now);
            }
            Step::Fail(which, delay) if !self.running.is_empty() => {
                let mut item = self.running.swap_remove(which.index(self.running.len()));
                item.queued.attempts += 1;
                item.queued.not_before = Some(self.now + seconds(delay));
                self.disk.insert(item.queued.seq, item.queued.clone());
                self.schedule.ended(item.lane, Some(item), self.now);
            }
            Step::Pause(bot) => {
                self.paused[usize::from(bot)] = true;
                self.schedule.pause(&connection(bot), self.now);
            }
            Step::Resume(bot) => self.resume(bot),
            Step::Wait(span) => self.now = self.now + seconds(span),
            Step::Read(which) if !self.asks.is_empty() => self.read(which.index(self.asks.len())),
            Step::Deliver(which, good) if !self.asks.is_empty() => {
                self.deliver(which.index(self.asks.len()), good);
            }
            Step::Restart => self.restart(),
            _ => {}
        }
    }

    fn arrive(&mut self, bot: u8, lane: u8, urgent: bool) {
        self.last += 1;
        let (seq, id) = (Seq::new(self.last), UpdateId(self.last));
        let lane = LaneKey::new(connection(bot), Lane::Chat(ChatId(lane.into())));
        let kind = if urgent {
            UpdateKind::CallbackQuery
        } else {
            UpdateKind::Message
        };
        let queued = Queued::new(seq, lane, id, kind, self.now, Bytes::from_static(&[0; 16]));
        self.disk.insert(seq, queued);
    }

    fn resume(&mut self, bot: u8) {
        self.paused[usize::from(bot)] = false;
        self.schedule
            .resume(&connection(bot), self.cursor, self.now);
    }

    fn read(&mut self, which: usize) {
        let (ask, answer) = &mut self.asks[which];
        let wanted = |queued: &&Queued| match &ask.subject {
            Subject::Lane(key) => queued.lane == *key,
            Subject::Connection(connection) => queued.lane.connection == *connection,
        };
        let after = self
            .disk
            .range(Seq::new(ask.after.value() + 1)..)
            .map(|(_, queued)| queued);
        *answer = Some(after.filter(wanted).take(ask.limit).cloned().collect());
    }

    fn deliver(&mut self, which: usize, good: bool) {
        if self.asks[which].1.is_none() {
            self.read(which);
        }
        let (ask, rows) = self.asks.swap_remove(which);
        self.schedule
            .answered(ask.id, rows.filter(|_| good), self.now);
    }

    fn restart(&mut self) {
        let fresh = Schedule::new(LIMITS);
        self.schedule = fresh;
        self.cursor = Seq::ZERO;
        self.running.clear();
        self.asks.clear();
        for bot in (0..BOTS).filter(|bot| self.paused[usize::from(*bot)]) {
            self.schedule.pause(&connection(bot), self.now);
        }
    }

    /// What the dispatcher and its caller do whenever they can.
    fn go_on(&mut self) {
        self.schedule.tick(self.now);
        self.start_all();
        while let Some((seq, queued)) = self.disk.range(Seq::new(self.cursor.value() + 1)..).next()
        {
            let (seq, queued) = (*seq, queued.clone());
            let bot_is_paused = self.is_paused(&queued.lane.connection);
            match self.schedule.offer(queued, self.now) {
                Offer::Full => break,
                answer => assert_eq!(answer == Offer::Paused, bot_is_paused),
            }
            self.cursor = seq;
            self.start_all();
        }
        let Count {
            loaded,
            bytes,
            running,
        } = self.schedule.count();
        assert!(running <= LIMITS.running && running == self.running.len());
        assert!(
            loaded <= LIMITS.loaded + LIMITS.refills,
            "{loaded} in memory"
        );
        assert!(
            bytes <= LIMITS.loaded_bytes + 800,
            "{bytes} bytes in memory"
        );
    }

    fn start_all(&mut self) {
        while let Some(item) = self.schedule.start(self.now) {
            self.check_start(&item.queued);
            self.running.push(item);
        }
        while let Some(ask) = self.schedule.ask() {
            self.asks.push((ask, None));
        }
    }

    fn check_start(&self, started: &Queued) {
        let on_disk = self.disk.get(&started.seq).expect("it is not finished");
        assert_eq!(started, on_disk, "it goes on where it was");
        assert!(
            !self.is_paused(&started.lane.connection),
            "its connection is not paused"
        );
        let connection = &started.lane.connection;
        let of_bot = self
            .running
            .iter()
            .filter(|item| item.queued.lane.connection == *connection);
        assert!(of_bot.count() < LIMITS.running_per_bot);
        let in_lane = self
            .running
            .iter()
            .any(|item| item.queued.lane == started.lane);
        assert!(!in_lane, "nothing else runs in its lane");
        let before = self.disk.range(..started.seq).map(|(_, queued)| queued);
        for earlier in before.filter(|earlier| earlier.lane == started.lane) {
            let waits = earlier.not_before.is_some_and(|time| time > self.now);
            assert!(started.urgent && waits, "{started:?} overtook {earlier:?}");
        }
    }

    /// From now on all goes well: so everything ends, and nothing stays in memory.
    fn finish_all(&mut self) {
        (0..BOTS).for_each(|bot| self.resume(bot));
        for _ in 0..10_000 {
            self.go_on();
            if let Some(item) = self.running.pop() {
                self.disk.remove(&item.queued.seq);
                self.schedule.ended(item.lane, None, self.now);
            } else if !self.asks.is_empty() {
                self.deliver(0, true);
            } else if let Some(at) = self.schedule.wake_at() {
                self.now = self.now.max(at);
            } else {
                break;
            }
        }
        assert!(self.disk.is_empty(), "lost: {:?}", self.disk);
        assert_eq!(self.schedule.count(), Count::default());
        assert_eq!(self.schedule.totals(), Totals::default());
    }

    fn is_paused(&self, of: &ConnectionId) -> bool {
        (0..BOTS).any(|bot| self.paused[usize::from(bot)] && connection(bot) == *of)
    }
}

fn connection(bot: u8) -> ConnectionId {
    ConnectionId::from_parts(1, [bot; 10])
}

fn seconds(seconds: u8) -> Duration {
    Duration::from_secs(seconds.into())
}
