//! Inbox and dispatcher together, on SQLite, through any order of arrivals, duplicates, failures, crashes and restarts.

mod handlers;
mod model;
mod world;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use self::world::{BOTS, LANES, Verdict, World};

#[derive(Clone, Debug)]
enum Step {
    /// Updates that come together; those of a lane one after the other.
    Arrive(Vec<(u8, bool)>),
    /// Telegram brings one again.
    Again(Index),
    /// The process is killed while one is on its way.
    ArriveInVain(u8),
    End(Index, Verdict),
    /// So many seconds.
    Pass(u32),
    Pause(u8),
    Resume(u8),
    Replay(Index),
    Expire,
    /// What was told is written.
    Settle,
    Crash,
    /// Stopped and started again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let verdict = prop_oneof![
        4 => Just(Verdict::Done),
        3 => Just(Verdict::Fails),
        2 => Just(Verdict::Waits),
        1 => Just(Verdict::Dies),
        1 => Just(Verdict::Panics),
    ];
    let update = (0..LANES, proptest::bool::weighted(0.3));
    let seconds = proptest::sample::select(vec![1, 2, 5, 30, 61, 200, 4_000, 90_000]);
    prop_oneof![
        8 => proptest::collection::vec(update, 1..6).prop_map(Step::Arrive),
        2 => any::<Index>().prop_map(Step::Again),
        1 => (0..LANES).prop_map(Step::ArriveInVain),
        12 => (any::<Index>(), verdict).prop_map(|(which, verdict)| Step::End(which, verdict)),
        4 => seconds.prop_map(Step::Pass),
        1 => (0..BOTS).prop_map(Step::Pause),
        2 => (0..BOTS).prop_map(Step::Resume),
        1 => any::<Index>().prop_map(Step::Replay),
        1 => Just(Step::Expire),
        1 => Just(Step::Settle),
        2 => Just(Step::Crash),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        max_shrink_time: 60_000,
        rng_seed: RngSeed::Fixed(3),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_acknowledged_is_handled_in_order_and_once_where_nothing_crashed(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let mut world = World::begin();
        for step in &steps {
            take(&mut world, step);
            world.catch_up();
        }
        world.end_well();
    }
}

fn take(world: &mut World, step: &Step) {
    match step {
        Step::Arrive(updates) => world.arrive(updates),
        Step::Again(which) => world.arrive_again(which),
        Step::ArriveInVain(lane) => world.arrive_in_vain(*lane),
        Step::End(which, verdict) => world.end(which, *verdict),
        Step::Pass(seconds) => world.pass(*seconds),
        Step::Pause(bot) => world.pause(*bot),
        Step::Resume(bot) => world.resume(*bot),
        Step::Replay(which) => world.replay(which),
        Step::Expire => world.expire(),
        Step::Settle => world.settle(),
        Step::Crash => world.crash(),
        Step::Restart => world.restart(),
    }
}
