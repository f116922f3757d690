use std::time::Duration;

use http_listener::{Drained, Limits};
use tokio::net::TcpStream;

use crate::harness::serve;

#[tokio::test]
async fn requests_in_flight_finish_and_idle_connections_close() {
    let served = serve(Limits::default()).await;
    let mut fresh = served.connect().await;
    let mut idle = served.connect().await;
    idle.get("/").await;
    let mut busy = served.connect().await;
    busy.send("GET /wait HTTP/1.1\r\n\r\n").await;
    served
        .until(|served| served.monitor.counts().requests == 2)
        .await;
    served
        .until(|served| served.monitor.counts().open == 3)
        .await;

    served.shutdown.cancel();
    assert_eq!(idle.rest().await, "");
    assert_eq!(fresh.rest().await, "");
    served
        .until(|served| served.monitor.counts().open == 1)
        .await;
    assert!(TcpStream::connect(served.address).await.is_err());

    served.gate.notify_one();
    let answer = busy.rest().await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("/wait"));
    assert_eq!(served.serving.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut() {
    let served = serve(Limits {
        drain: Duration::from_secs(20),
        ..Limits::default()
    })
    .await;
    let mut busy = served.connect().await;
    busy.send("GET /wait HTTP/1.1\r\n\r\n").await;
    served
        .until(|served| served.monitor.counts().requests == 1)
        .await;
    served.shutdown.cancel();
    // The request's own deadline, and the listener's.
    served.hands.sleepers(2).await;
    served.hands.advance(Duration::from_secs(20));
    assert_eq!(served.serving.await.unwrap(), Drained { cut: 1 });
    assert_eq!(busy.rest().await, "");
}
