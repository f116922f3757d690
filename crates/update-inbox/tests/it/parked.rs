use std::time::Duration;

use telegram_bot_api::UpdateKind;
use update_dispatcher::Seq;

use crate::support::{connection, ids, message, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_disconnected_bot_has_waiting_expires_by_its_kind() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        let mut tap = message(1, 7, 1);
        tap.kind = UpdateKind::CallbackQuery;
        inbox.receive(tap.clone()).await.unwrap();
        inbox.receive(message(1, 7, 2)).await.unwrap();
        tap.lane.connection = connection(2);
        inbox.receive(tap).await.unwrap();
        let offered = sink.wait_for(3).await;
        inbox.park(&connection(1));
        place.hands.advance(Duration::from_secs(140));
        assert_eq!(inbox.expire().await.unwrap().updates, 0);
        place.hands.advance(Duration::from_secs(20));
        assert_eq!(inbox.expire().await.unwrap().updates, 1);
        let left = inbox
            .pending_list(&connection(1), Seq::ZERO, 9)
            .await
            .unwrap();
        assert_eq!(ids(&left), [2]);
        // Who is connected has a dispatcher to decide.
        assert_eq!(inbox.depth().await.unwrap().pending, 2);
        assert_eq!(inbox.unpark(&connection(1)), offered[2].seq);
        place.hands.advance(Duration::from_secs(90_000));
        assert_eq!(inbox.expire().await.unwrap().updates, 0);
        inbox.park(&connection(1));
        assert_eq!(inbox.expire().await.unwrap().updates, 1);
    })
    .await;
}
