//! Waiting for what is done by others.

use std::time::Duration;

use clock::Clock;

/// Waits for what really happens, while the test's clock stands still.
pub(crate) async fn happens(done: impl AsyncFn() -> bool) {
    let mut looks = 0;
    while !done().await {
        looks += 1;
        assert!(looks < 15_000, "it did not come to that");
        Clock::system().sleep(Duration::from_millis(4)).await;
    }
}
