//! A Postgres that is gone without a word: nothing is acknowledged meanwhile, and the writer goes on by itself.

use std::time::Duration;

use clock::Clock;
use store::testing::{Silence, on_every_empty_database};
use store::{Database, Schema};
use update_inbox::{InboxConfig, Receipt, Refused};

use crate::support::{Place, finish, ids, message, settle};

const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_peer_is_a_failed_commit_and_the_writer_goes_on() {
    on_every_empty_database(async |url| {
        let Some((silence, through)) = Silence::before(&url, PATIENCE).await else {
            return;
        };
        let database = Database::open(&through, 4).await.unwrap();
        database.migrate(Schema::Main).await.unwrap();
        let (clock, hands) = Clock::manual();
        let place = Place {
            database,
            clock,
            hands,
            config: InboxConfig::default(),
        };
        let (inbox, sink) = place.start_with_sink().await;
        for id in 1..4 {
            inbox.receive(message(1, 7, id)).await.unwrap();
        }
        let offered = sink.wait_for(3).await;
        silence.begin();
        // What was told rides in the commit that fails, and is not lost.
        finish(&inbox, offered[0].seq);
        let real = Clock::system();
        let refused = real.timeout(PATIENCE * 5, inbox.receive(message(1, 7, 4)));
        assert_eq!(refused.await.unwrap(), Err(Refused::Unavailable));
        assert!(inbox.is_failing());
        silence.end();
        let again = real.timeout(PATIENCE * 15, async {
            loop {
                match inbox.receive(message(1, 7, 4)).await {
                    Ok(receipt) => return receipt,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        });
        assert_eq!(again.await.unwrap(), Receipt::Stored);
        assert_eq!(
            inbox.receive(message(1, 7, 2)).await,
            Ok(Receipt::Duplicate)
        );
        assert_eq!(ids(&sink.wait_for(4).await), [1, 2, 3, 4]);
        settle(&inbox).await;
        assert_eq!(inbox.depth().await.unwrap().pending, 3);
        inbox.close().await;
    })
    .await;
}
