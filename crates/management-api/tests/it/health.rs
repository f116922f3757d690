//! Probes, which need no token.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::support::on_both;

#[tokio::test(flavor = "multi_thread")]
async fn liveness_is_always_told() {
    on_both(async |place| {
        place.ready.store(false, Ordering::Relaxed);
        let answer = place.send_as(&[], "GET", "/livez", "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.body),
            (200, json!({"status": "live"}))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_decided_by_what_decides() {
    on_both(async |place| {
        for (ready, status, word) in [(true, 200, "ready"), (false, 503, "not ready")] {
            place.ready.store(ready, Ordering::Relaxed);
            let answer = place.send_as(&[], "GET", "/readyz", "").await;
            let told = json!({"status": word, "checks": [
                {"name": "inbox", "ok": ready, "decides": true},
                {"name": "bot_api", "ok": false, "decides": false},
            ]});
            assert_eq!((answer.status.as_u16(), answer.body), (status, told));
        }
    })
    .await;
}
