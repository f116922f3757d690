use update_dispatcher::Offer;

use crate::support::{Sink, ids, message, on_both, receive_all};

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_waits_on_disk_and_follows_in_order() {
    on_both(async |mut place| {
        place.config.page = 4;
        let (inbox, sink) = (place.start().await, Sink::with_room_for(3));
        inbox.attach(sink.clone());
        for id in 0..10 {
            inbox.receive(message(1, id % 2, id)).await.unwrap();
        }
        sink.wait_for(3).await;
        for room in [4, 9] {
            sink.set_room_for(room);
            sink.wait_for(room).await;
        }
        let more = tokio::spawn({
            let inbox = inbox.clone();
            async move { receive_all(&inbox, (10..200).map(|id| message(1, id % 2, id))).await }
        });
        sink.set_room_for(usize::MAX);
        more.await.unwrap();
        let offered = sink.wait_for(200).await;
        assert!(offered.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        assert_eq!(ids(&offered[..10]), (0..10).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_dispatcher_fetches_by_itself_is_offered_once() {
    on_both(async |place| {
        for answer in [Offer::Spilled, Offer::Paused] {
            let (inbox, sink) = place.start_with_sink().await;
            let before = inbox.depth().await.unwrap().pending as usize;
            sink.wait_for(before).await;
            sink.answer(answer);
            let base = before as i64;
            receive_all(&inbox, (base..base + 5).map(|id| message(1, 7, id))).await;
            sink.wait_for(before + 5).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_that_is_closed_is_offered_nothing_more() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        sink.wait_for(1).await;
        sink.answer(Offer::Closed);
        receive_all(&inbox, (2..10).map(|id| message(1, 7, id))).await;
        inbox.close().await;
        // Once by the writer and once by the feeder.
        assert!(sink.offered().len() <= 3, "{:?}", ids(&sink.offered()));
        assert_eq!(place.pending().await.len(), 9);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_before_there_was_a_dispatcher_goes_first() {
    on_both(async |place| {
        let inbox = place.start().await;
        for id in 0..5 {
            inbox.receive(message(1, 7, id)).await.unwrap();
        }
        let sink = Sink::with_room_for(usize::MAX);
        inbox.attach(sink.clone());
        inbox.receive(message(1, 7, 5)).await.unwrap();
        assert_eq!(ids(&sink.wait_for(6).await), [0, 1, 2, 3, 4, 5]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_to_rows_of_its_own_is_counted_once() {
    on_both(async |place| {
        for round in 1..=40 {
            let inbox = place.start().await;
            inbox.receive(message(1, 7, round)).await.unwrap();
            let sink = Sink::with_room_for(usize::MAX);
            inbox.attach(sink.clone());
            // The feeder has it moved meanwhile.
            while sink.offered().len() < round as usize {
                assert_eq!(inbox.depth().await.unwrap().pending, round as u64);
            }
            inbox.close().await;
        }
    })
    .await;
}
