//! Any order of what can happen, against a list in memory.

use std::collections::BTreeSet;

use proptest::prelude::*;
use update_dispatcher::{Journal as _, Progress, Queued, Seq};
use update_inbox::{Inbox, Receipt, Refused};

use crate::support::{Place, Sink, connection, dead, finish, message, on_both, retry, settle};

#[derive(Clone, Debug)]
enum Step {
    /// Updates that come at the same time: owner, chat, id.
    Receive(Vec<(u8, i64, i64)>),
    /// The same, while the database refuses new rows.
    ReceiveInVain(u8, i64),
    Finish(usize),
    Retry(usize, u32),
    Dead(usize),
    Replay(usize),
    /// Everything told so far is written.
    Settle,
    /// The process is killed and started again.
    Kill,
    /// It is stopped and started again.
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    let update = || (1_u8..3, 0_i64..3, 0_i64..40);
    prop_oneof![
        6 => proptest::collection::vec(update(), 1..6).prop_map(Step::Receive),
        1 => (1_u8..3, 0_i64..40).prop_map(|(owner, id)| Step::ReceiveInVain(owner, id)),
        4 => any::<usize>().prop_map(Step::Finish),
        2 => (any::<usize>(), 1_u32..9).prop_map(|(which, attempts)| Step::Retry(which, attempts)),
        1 => any::<usize>().prop_map(Step::Dead),
        1 => any::<usize>().prop_map(Step::Replay),
        1 => Just(Step::Settle),
        1 => Just(Step::Kill),
        1 => Just(Step::Stop),
    ]
}

/// What is known of an update: owner, chat, id, attempts, progress.
type Known = (u8, i64, i64, u32, Progress);

#[derive(Default)]
struct Model {
    seen: BTreeSet<(u8, i64)>,
    /// In order.
    pending: Vec<(Seq, Known)>,
    dead: Vec<(Seq, Known)>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_inbox_does_what_a_list_would(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(on_both(async |place| walk(&place, &steps).await));
    }
}

async fn walk(place: &Place, steps: &[Step]) {
    let mut model = Model::default();
    let (mut inbox, mut sink) = place.start_with_sink().await;
    for step in steps {
        match step {
            Step::Receive(updates) => receive(&inbox, &mut sink, &mut model, updates).await,
            Step::ReceiveInVain(owner, id) => {
                let expected = if model.seen.contains(&(*owner, *id)) {
                    Ok(Receipt::Duplicate)
                } else {
                    Err(Refused::Unavailable)
                };
                place.refuse_updates().await;
                assert_eq!(inbox.receive(message(*owner, 0, *id)).await, expected);
                place.take_updates().await;
            }
            Step::Kill | Step::Stop => {
                if matches!(step, Step::Stop) {
                    inbox.close().await;
                } else {
                    settle(&inbox).await;
                }
                drop(inbox);
                (inbox, sink) = place.start_with_sink().await;
                compare(&sink.wait_for(model.pending.len()).await, &model);
            }
            Step::Settle => settle(&inbox).await,
            end => tell(&inbox, &sink, &mut model, end).await,
        }
    }
    settle(&inbox).await;
    compare(&read_all(&inbox).await, &model);
    let dead: Vec<Seq> = inbox
        .dead_list(None, Seq::ZERO, 1_000)
        .await
        .unwrap()
        .iter()
        .map(|one| one.seq)
        .collect();
    let mut expected: Vec<Seq> = model.dead.iter().map(|(seq, _)| *seq).collect();
    expected.sort_unstable();
    assert_eq!(dead, expected);
}

async fn receive(inbox: &Inbox, sink: &mut Sink, model: &mut Model, updates: &[(u8, i64, i64)]) {
    let before = sink.offered().len();
    let futures = updates
        .iter()
        .map(|(owner, chat, id)| inbox.receive(message(*owner, *chat, *id)));
    let answers = futures_util::future::join_all(futures).await;
    let mut new = 0;
    // Joined futures are polled, and so taken, in their order.
    for ((owner, chat, id), answer) in updates.iter().zip(answers) {
        let fresh = model.seen.insert((*owner, *id));
        assert_eq!(
            answer,
            Ok(if fresh {
                Receipt::Stored
            } else {
                Receipt::Duplicate
            })
        );
        if fresh {
            new += 1;
            let offered = sink.wait_for_at_least(before + new).await;
            let seq = offered[before + new - 1].seq;
            model
                .pending
                .push((seq, (*owner, *chat, *id, 0, Progress::default())));
        }
    }
}

async fn tell(inbox: &Inbox, sink: &Sink, model: &mut Model, step: &Step) {
    let pick = |which: &usize, many: usize| (many > 0).then(|| which % many);
    match step {
        Step::Finish(which) => {
            if let Some(place) = pick(which, model.pending.len()) {
                finish(inbox, model.pending.remove(place).0);
            }
        }
        Step::Retry(which, attempts) => {
            if let Some(place) = pick(which, model.pending.len()) {
                let (seq, known) = &mut model.pending[place];
                let told = retry(*attempts, 1, *attempts);
                (known.3, known.4) = (told.attempts, told.progress);
                inbox.journal().retry(*seq, told);
            }
        }
        Step::Dead(which) => {
            if let Some(place) = pick(which, model.pending.len()) {
                let (seq, mut known) = model.pending.remove(place);
                known.4 = dead("gone").progress;
                inbox.journal().dead(seq, dead("gone"));
                model.dead.push((seq, known));
            }
        }
        Step::Replay(which) => {
            if let Some(place) = pick(which, model.dead.len()) {
                settle(inbox).await;
                let before = sink.offered().len();
                let (seq, mut known) = model.dead.remove(place);
                let seq = inbox.dead_replay(seq).await.unwrap().unwrap();
                sink.wait_for(before + 1).await;
                known.3 = 0;
                model.pending.push((seq, known));
            }
        }
        _ => unreachable!("{step:?}"),
    }
}

async fn read_all(inbox: &Inbox) -> Vec<Queued> {
    let mut all = Vec::new();
    for owner in 1..3 {
        all.extend(
            inbox
                .pending_list(&connection(owner), Seq::ZERO, 1_000)
                .await
                .unwrap(),
        );
    }
    all.sort_by_key(|one| one.seq);
    all
}

fn compare(queued: &[Queued], model: &Model) {
    let known = |one: &Queued| {
        let owner = (1..3)
            .find(|owner| connection(*owner) == one.lane.connection)
            .unwrap();
        let chat = one
            .lane
            .lane
            .to_string()
            .strip_prefix("chat:")
            .unwrap()
            .parse()
            .unwrap();
        (
            one.seq,
            (
                owner,
                chat,
                one.update_id.value(),
                one.attempts,
                one.progress,
            ),
        )
    };
    assert_eq!(queued.iter().map(known).collect::<Vec<_>>(), model.pending);
}
