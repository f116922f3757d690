//! What a connection costs, counted where it is allocated: everything runs on the thread that counts.

use http_listener::Limits;
use tokio::runtime;

use crate::harness::{Served, serve};

/// What the README promises for a connection, with nothing that its service holds: a buffer, the state of the protocol, the task,
/// and what the answer is written to. The sockets of these peers are counted too.
const PER_CONNECTION_BYTES: i64 = 24 * 1_024;

/// The same while a request is in flight: its head, as many headers as may be, and a second buffer for what comes after it.
const PER_REQUEST_BYTES: i64 = 48 * 1_024;

const PEERS: i64 = 200;

#[test]
fn an_unfinished_head_costs_no_more_than_promised() {
    let long = format!("POST / HTTP/1.1\r\nX: {}", "y".repeat(8_000));
    assert_bounded(PER_CONNECTION_BYTES, &long, |served| {
        served.monitor.counts().open
    });
}

#[test]
fn many_headers_cost_no_more_than_promised() {
    let headers: String = (0..64)
        .map(|number| format!("X-{number}: {}\r\n", "y".repeat(100)))
        .collect();
    let many = format!("POST /wait HTTP/1.1\r\n{headers}\r\n");
    assert_bounded(PER_REQUEST_BYTES, &many, |served| {
        served.monitor.counts().requests as usize
    });
}

#[test]
fn an_idle_connection_costs_no_more_than_promised() {
    assert_bounded(
        PER_CONNECTION_BYTES,
        "GET /idle HTTP/1.1\r\n\r\n",
        |served| served.bodies.lock().unwrap().len(),
    );
}

/// Has many peers send this, waits until `seen` has counted all of them, and looks at the most that was allocated.
fn assert_bounded(allowed_bytes: i64, sent: &str, seen: impl Fn(&Served) -> usize) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = runtime.block_on(serve(Limits::default()));
    let mut peers = Vec::with_capacity(PEERS as usize);
    let used = allocation_counter::measure(|| {
        runtime.block_on(async {
            for number in 1..=PEERS as usize {
                let mut peer = served.connect().await;
                peer.send(sent).await;
                peers.push(peer);
                served.until(|served| seen(served) >= number).await;
            }
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        });
    });
    assert_eq!(served.monitor.counts().open, PEERS as usize);
    assert!(used.bytes_max as i64 <= allowed_bytes * PEERS, "{used:?}");
    drop((peers, served));
}
