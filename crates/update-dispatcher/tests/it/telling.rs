use std::sync::Arc;

use bytes::Bytes;
use update_dispatcher::{Failure, Limits, Offer, RetryWhen};

use crate::support::{Bench, calls, message, queued};

/// On one thread, so that all that is logged is heard here.
#[tokio::test]
async fn whoever_writes_to_a_bot_does_not_write_the_operators_log() {
    let (lines, writer) = std::io::pipe().unwrap();
    let program = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Arc::new(writer));
    let heard = tracing::subscriber::set_default(program.finish());
    let bench = Bench::new(Limits::default(), vec![calls(&["sendMessage"])]);
    let refused = Failure {
        retry: RetryWhen::Never,
        reason: "the bot was blocked".into(),
    };
    let refusals = std::iter::repeat_n(("sendMessage", refused), 20);
    bench.caller.failures.lock().unwrap().extend(refusals);
    for seq in 1..=20 {
        bench.message(seq, 1, seq);
    }
    bench.journal.finished(20).await;
    // These cannot be read, and are dead letters at once.
    for seq in 21..=40 {
        let mut broken = queued(seq, 1, &message(seq, seq), &bench.clock);
        broken.body = Bytes::from_static(b"{\"update_id\":");
        assert_eq!(bench.dispatcher.offer(broken), Offer::Loaded);
    }
    bench.journal.dead(20).await;
    drop(heard);
    let lines = std::io::read_to_string(lines).unwrap();
    assert!(!lines.contains("call refused"), "{lines}");
    assert_eq!(lines.matches("dead letter").count(), 5, "{lines}");
}
