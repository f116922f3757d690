//! A new token that Telegram does not accept yet.

use std::time::Duration;

use telegram_simulator::{Failure, FailureKind};

use crate::support::{bot, on_both, pasted};

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_that_is_refused_for_a_while_is_taken_and_said_to_be_tried_again() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        let fresh = place.control.revoke(bot_id).unwrap();
        let refused = Failure::next(u32::MAX, FailureKind::Unauthorized).of(bot_id);
        place.control.fail(refused);
        place.hands.advance(Duration::from_secs(2));
        let request = place.start_sending("PUT", &bot("1"), &pasted(&fresh));
        for _ in 0..100 {
            if request.is_finished() {
                break;
            }
            clock::Clock::system()
                .sleep(Duration::from_millis(10))
                .await;
            place.hands.advance(Duration::from_millis(20));
        }
        let answer = place.read(request.await.unwrap()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.data()["step"], "rotate: begun");
        let sentence = answer.data()["warnings"][0].as_str().unwrap();
        assert!(sentence.contains("tried again by itself"), "{sentence}");
        let shown = place.send("GET", &bot("1"), "").await;
        assert_eq!(shown.data()["step"], "rotate: begun");
        assert_eq!(shown.data().get("failure"), None);
    })
    .await;
}
