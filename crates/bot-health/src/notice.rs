//! What nobody tells the watch is noticed: who was connected, silence, handlers that fail or hang, our own side.

use std::time::Duration;

use bot_connection::Registrations;

use crate::look::ENDPOINT_AGE;
use crate::observe::{self, Trying};
use crate::signal::{Cause, Signal};
use crate::watch::Watch;

/// Notices who was connected, disconnected or given a new token.
pub(crate) async fn listen_for_registrations(watch: &Watch, mut registrations: Registrations) {
    while let Some(connection) = registrations.recv().await {
        watch.hear(Signal::Registered { connection });
    }
}

/// Notices bots that have fallen silent.
pub(crate) async fn listen_for_silence(watch: &Watch) {
    let clock = &watch.parts.clock;
    loop {
        clock.sleep(LISTEN_EVERY).await;
        let now = clock.elapsed();
        let silent = watch.state().pulse.fallen_silent(now, SILENT_AT_ONCE);
        watch.ask(silent, Cause::Silence);
    }
}

/// Notices updates that fail again and again, or whose handling does not end.
pub(crate) async fn watch_handlers(watch: &Watch) {
    let parts = &watch.parts;
    loop {
        parts.clock.sleep(HANDLERS_EVERY).await;
        // To look at all of it takes as long as there is much of it, and the dispatcher waits meanwhile.
        let totals = parts.dispatcher.totals();
        if totals.running + totals.waiting == 0 || totals.waiting > MANY_WAITING {
            continue;
        }
        let (now, elapsed) = (parts.clock.now(), parts.clock.elapsed());
        let snapshot = parts.dispatcher.snapshot();
        let mut odd = Vec::new();
        for bot in snapshot.bots.iter().filter(|bot| !bot.paused) {
            let connection = bot.connection.to_bits();
            let handled = watch.state().pulse.last_handled(connection);
            let handled = now - elapsed.saturating_sub(handled);
            let fails = Trying::of(bot, handled).is_some_and(|one| one.attempts >= 3);
            let busy = observe::busy_since(bot);
            if fails || busy.is_some_and(|since| now.since(since) >= BUSY) {
                odd.push(connection);
            }
        }
        watch.ask(odd, Cause::Handlers);
    }
}

/// Looks at our own side.
pub(crate) async fn watch_endpoint(watch: &Watch) {
    let (endpoint, parts) = (&watch.endpoint, &watch.parts);
    let mut not_older = ENDPOINT_EVERY / 2;
    loop {
        endpoint.refresh(parts, not_older).await;
        not_older = tokio::select! {
            () = parts.clock.sleep(ENDPOINT_EVERY) => ENDPOINT_EVERY / 2,
            () = endpoint.woken() => ENDPOINT_AGE,
        };
    }
}

const LISTEN_EVERY: Duration = Duration::from_secs(5);
const SILENT_AT_ONCE: usize = 64;
const HANDLERS_EVERY: Duration = Duration::from_secs(30);
const MANY_WAITING: usize = 20_000;

/// What the verdict calls stuck.
const BUSY: Duration = Duration::from_secs(300);

const ENDPOINT_EVERY: Duration = Duration::from_secs(600);
