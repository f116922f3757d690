//! Updates that wait because an operator says so.

use bot_connection::Error;

use crate::support::{on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_held_bot_is_received_and_not_handled_until_it_is_let_go_on() {
    on_both(async |place| {
        let (_, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let id = place.record("1").await.id;
        assert!(!place.connections.is_held(&id));
        for _ in 0..2 {
            place.connections.hold(&project("1")).await.unwrap();
            assert!(place.connections.is_held(&id) && place.is_parked(&id));
        }
        for _ in 0..2 {
            place.connections.release(&project("1")).await.unwrap();
            assert!(!place.connections.is_held(&id) && !place.is_parked(&id));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_reconnect_nor_a_release_undoes_the_other() {
    on_both(async |place| {
        let (_, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let id = place.record("1").await.id;
        place.connections.hold(&project("1")).await.unwrap();
        place.connections.disconnect(&project("1")).await.unwrap();
        place.put("1", &token).await.unwrap();
        assert!(place.is_parked(&id), "it is held still");
        place.connections.disconnect(&project("1")).await.unwrap();
        place.connections.release(&project("1")).await.unwrap();
        assert!(place.is_parked(&id), "it is disconnected");
        place.put("1", &token).await.unwrap();
        assert!(!place.is_parked(&id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_a_bot_has_nothing_to_hold() {
    on_both(async |place| {
        for refused in [
            place.connections.hold(&project("1")).await,
            place.connections.release(&project("1")).await,
        ] {
            assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
        }
    })
    .await;
}
