//! What goes on for ever while the server serves. Dropping it stops it, at any point.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use ids::ConnectionId;

use crate::error::Result;
use crate::look::look;
use crate::observe::{self, Trying};
use crate::rota::Rota;
use crate::signal::Cause;
use crate::watch::Watch;
use crate::{sweep, table};

/// Looks after everything.
pub(crate) async fn run(watch: &Arc<Watch>) {
    begin(watch).await;
    // Boxed, since together they are large.
    let loops: [BoxFuture<'_, ()>; 8] = [
        Box::pin(work(watch)),
        Box::pin(sweep::run(watch)),
        Box::pin(probe(watch)),
        Box::pin(listen_for_silence(watch)),
        Box::pin(watch_handlers(watch)),
        Box::pin(watch_endpoint(watch)),
        Box::pin(keep(watch)),
        Box::pin(expire(watch)),
    ];
    join_all(loops).await;
}

/// Remembers who is in trouble, however long the database takes.
async fn begin(watch: &Watch) {
    let troubled = loop {
        match troubled(watch).await {
            Ok(troubled) => break troubled,
            Err(error) => failed(&error, "how bots stand could not be read"),
        }
        watch.parts.clock.sleep(AFTER_FAILURE).await;
    };
    let troubled = troubled.into_iter().map(|(id, code)| (id.to_bits(), code));
    watch.state().rota = Rota::new(troubled);
}

async fn troubled(watch: &Watch) -> Result<Vec<(ConnectionId, crate::verdict::VerdictCode)>> {
    table::troubled(&mut watch.parts.database.connect().await?).await
}

/// Makes the inspections that were asked for.
async fn work(watch: &Arc<Watch>) {
    let (clock, most) = (&watch.parts.clock, watch.config.at_once);
    let mut under_way = FuturesUnordered::new();
    let mut with_time = 0;
    loop {
        let due = loop {
            // What has time leaves room for what is urgent.
            let others_too = with_time < most.div_ceil(2);
            let now = clock.elapsed();
            let mut state = watch.state();
            if under_way.len() >= most {
                break None;
            }
            let Some((connection, cause)) = state.desk.take(now, others_too) else {
                let due = state.desk.next_due(others_too);
                break due.map(|due| due.saturating_sub(now));
            };
            with_time += usize::from(!cause.is_urgent());
            under_way.push(turn(Arc::clone(watch), connection, cause));
        };
        tokio::select! {
            Some(cause) = under_way.next(), if !under_way.is_empty() => {
                with_time -= usize::from(!cause.is_urgent());
            }
            () = watch.woken.notified() => {}
            () = clock.sleep(due.unwrap_or_default()), if due.is_some() => {}
        }
    }
}

async fn turn(watch: Arc<Watch>, connection: u128, cause: Cause) -> Cause {
    let id = ConnectionId::from_bits(connection);
    let shown = if is_old_news(&watch, &id, cause) {
        crate::desk::Shown::Same
    } else {
        loop {
            let (looked, is_own) = look(&watch, &id, cause).await;
            // One that was under way may have asked before this was heard.
            if is_own {
                break looked.shown();
            }
        }
    };
    let now = watch.parts.clock.elapsed();
    watch.state().desk.done(connection, shown, now);
    cause
}

/// Whether a refusal is of a token that is known to be dead.
fn is_old_news(watch: &Watch, id: &ConnectionId, cause: Cause) -> bool {
    cause == Cause::TokenRefused && watch.is_dead(id)
}

/// Looks now and then whether a dead token works again.
async fn probe(watch: &Arc<Watch>) {
    let pause = Duration::from_secs(3_600) / watch.config.probes_per_hour.max(1);
    loop {
        watch.parts.clock.sleep(pause).await;
        let next = watch.state().rota.next_dead();
        if let Some(connection) = next {
            look(watch, &ConnectionId::from_bits(connection), Cause::Probe).await;
        }
    }
}

/// Notices bots that have fallen silent.
async fn listen_for_silence(watch: &Watch) {
    let clock = &watch.parts.clock;
    loop {
        clock.sleep(LISTEN_EVERY).await;
        let now = clock.elapsed();
        let silent = watch.state().pulse.fallen_silent(now, SILENT_AT_ONCE);
        watch.ask(silent, Cause::Silence);
    }
}

/// Notices updates that fail again and again, or whose handling does not end.
async fn watch_handlers(watch: &Watch) {
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
async fn watch_endpoint(watch: &Watch) {
    loop {
        watch
            .endpoint
            .refresh(&watch.parts, ENDPOINT_EVERY / 2)
            .await;
        watch.parts.clock.sleep(ENDPOINT_EVERY).await;
    }
}

/// Writes down the looks that showed nothing new, and counts how bots stand.
async fn keep(watch: &Watch) {
    loop {
        watch.parts.clock.sleep(KEEP_EVERY).await;
        if let Err(error) = kept(watch).await {
            failed(&error, "looks at bots could not be written down");
        }
    }
}

async fn kept(watch: &Watch) -> Result<()> {
    let mut link = watch.parts.database.connect().await?;
    loop {
        let some = watch.state().take_looked(WRITTEN_AT_ONCE);
        if some.is_empty() {
            break;
        }
        let rows: Vec<_> = some.iter().map(|(_, row)| row.clone()).collect();
        let written = link.transaction(async |link| table::looked(link, &rows).await);
        if let Err(error) = written.await {
            let mut state = watch.state();
            for (id, row) in some {
                state.looked.entry(id).or_insert(row);
            }
            return Err(error.into());
        }
    }
    let counts = table::counts(&mut link).await?;
    watch.state().counts = counts;
    Ok(())
}

/// Lets go of changes whose time is over.
async fn expire(watch: &Watch) {
    loop {
        watch.parts.clock.sleep(EXPIRE_EVERY).await;
        if let Err(error) = expired(watch).await {
            failed(&error, "old changes of bots could not be deleted");
        }
    }
}

/// Deletes what is too old, a bounded share a commit; answers how many that were.
pub(crate) async fn expired(watch: &Watch) -> Result<usize> {
    let clock = &watch.parts.clock;
    let before = clock.now() - watch.config.keep_changes;
    let mut deleted = 0;
    loop {
        let mut link = watch.parts.database.connect().await?;
        let share = link
            .transaction(async |link| table::expire(link, before, DELETED_AT_ONCE as i64).await)
            .await?;
        deleted += share;
        if share < DELETED_AT_ONCE {
            return Ok(deleted);
        }
        drop(link);
        clock.sleep(BETWEEN_SHARES).await;
    }
}

pub(crate) fn failed(error: &crate::Error, what: &'static str) {
    tracing::warn!(error = error as &dyn std::error::Error, "{what}");
}

const AFTER_FAILURE: Duration = Duration::from_secs(5);
const LISTEN_EVERY: Duration = Duration::from_secs(5);
const SILENT_AT_ONCE: usize = 64;
const HANDLERS_EVERY: Duration = Duration::from_secs(30);
const MANY_WAITING: usize = 20_000;
const BUSY: Duration = Duration::from_secs(60);
const ENDPOINT_EVERY: Duration = Duration::from_secs(600);
const KEEP_EVERY: Duration = Duration::from_secs(10);
const WRITTEN_AT_ONCE: usize = 200;
const EXPIRE_EVERY: Duration = Duration::from_secs(3_600);
const DELETED_AT_ONCE: usize = 500;
const BETWEEN_SHARES: Duration = Duration::from_millis(200);
