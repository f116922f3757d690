//! With the real dispatcher.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use clock::{Clock, Entropy};
use ids::ConnectionId;
use telegram_bot_api::Call;
use update_dispatcher::{
    Dispatcher, DispatcherConfig, Failure, Incoming, Limits, Perform, Stage, StageFuture,
    StageOutcome,
};
use update_inbox::Inbox;

use crate::support::{Place, connection, message, on_both, receive_all};

#[derive(Default)]
struct Notes(Mutex<BTreeMap<String, Vec<i64>>>);

impl Stage for Notes {
    fn name(&self) -> &str {
        "notes"
    }

    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a> {
        let id = incoming.update.update_id.value();
        self.0
            .lock()
            .unwrap()
            .entry(incoming.lane.to_string())
            .or_default()
            .push(id);
        Box::pin(async { Ok(StageOutcome::pass()) })
    }
}

struct Nobody;

impl Perform for Nobody {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), Failure> {
        Ok(())
    }
}

fn dispatcher(place: &Place, inbox: &Inbox, notes: &Arc<Notes>, limits: Limits) -> Dispatcher {
    Dispatcher::start(
        DispatcherConfig {
            limits,
            ..DispatcherConfig::default()
        },
        vec![Arc::clone(notes) as Arc<dyn Stage>],
        Arc::new(inbox.journal()),
        Arc::new(Nobody),
        place.clock.clone(),
        Entropy::seeded(1),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_update_is_handled_once_and_in_order_even_when_memory_is_short() {
    on_both(async |place| {
        let tight = Limits {
            running: 4,
            loaded: 20,
            loaded_per_bot: 8,
            waiting_per_lane: 3,
            refill: 2,
            ..Limits::default()
        };
        for limits in [Limits::default(), tight] {
            let inbox = place.start().await;
            let notes = Arc::new(Notes::default());
            inbox.attach(dispatcher(&place, &inbox, &notes, limits));
            let base = if limits == tight { 100_000 } else { 0 };
            let lanes = (0..12).map(|lane| {
                let inbox = inbox.clone();
                tokio::spawn(async move {
                    for number in 0..50 {
                        let update = message(lane as u8 % 3, lane, base + lane * 100 + number);
                        inbox.receive(update).await.unwrap();
                    }
                })
            });
            for lane in lanes.collect::<Vec<_>>() {
                lane.await.unwrap();
            }
            until_empty(&inbox).await;
            inbox.close().await;
            let notes = notes.0.lock().unwrap();
            assert_eq!(notes.len(), 12);
            for handled in notes.values() {
                assert_eq!(handled.len(), 50);
                assert!(
                    handled.windows(2).all(|pair| pair[0] < pair[1]),
                    "{handled:?}"
                );
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_bot_goes_on_with_what_it_missed() {
    on_both(async |place| {
        let inbox = place.start().await;
        let notes = Arc::new(Notes::default());
        let dispatcher = dispatcher(&place, &inbox, &notes, Limits::default());
        dispatcher.pause(&connection(1));
        inbox.park(&connection(1));
        inbox.attach(dispatcher.clone());
        receive_all(&inbox, (0..5).map(|id| message(2, 8, id))).await;
        for id in 0..5 {
            inbox.receive(message(1, 7, id)).await.unwrap();
        }
        while inbox.depth().await.unwrap().pending > 5 {
            tokio::task::yield_now().await;
        }
        assert_eq!(notes.0.lock().unwrap().len(), 1);
        dispatcher.resume(&connection(1), inbox.unpark(&connection(1)));
        inbox.receive(message(1, 7, 5)).await.unwrap();
        until_empty(&inbox).await;
        let notes = notes.0.lock().unwrap();
        let missed = notes.values().find(|handled| handled.len() == 6).unwrap();
        assert_eq!(*missed, [0, 1, 2, 3, 4, 5]);
    })
    .await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that hangs should say where"
)]
async fn until_empty(inbox: &Inbox) {
    let empty = async {
        while inbox.depth().await.unwrap().pending > 0 {
            Clock::system()
                .sleep(std::time::Duration::from_millis(2))
                .await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), empty)
        .await
        .unwrap();
}
