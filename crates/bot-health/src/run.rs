//! What goes on for ever while the server serves. Dropping it stops it, at any point.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use ids::ConnectionId;

use crate::desk::Shown;
use crate::error::Result;
use crate::look::look;
use crate::rota::Rota;
use crate::signal::Cause;
use crate::verdict::VerdictCode;
use crate::watch::{Watch, failed};
use crate::{keep, notice, sweep, table};

/// Looks after everything.
pub(crate) async fn run(watch: &Arc<Watch>) {
    // First: what is changed while the database is waited for is to be heard too.
    let registrations = watch.parts.connections.registrations();
    begin(watch).await;
    // Boxed, since together they are large.
    let loops: [BoxFuture<'_, ()>; 9] = [
        Box::pin(work(watch)),
        Box::pin(sweep::run(watch)),
        Box::pin(probe(watch)),
        Box::pin(notice::listen_for_registrations(watch, registrations)),
        Box::pin(notice::listen_for_silence(watch)),
        Box::pin(notice::watch_handlers(watch)),
        Box::pin(notice::watch_endpoint(watch)),
        Box::pin(keep::keep(watch)),
        Box::pin(keep::expire(watch)),
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

async fn troubled(watch: &Watch) -> Result<Vec<(ConnectionId, VerdictCode)>> {
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
        Shown::Same
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

/// Whether the token is known to be dead, which has a budget of its own, and nothing says that this is over.
fn is_old_news(watch: &Watch, id: &ConnectionId, cause: Cause) -> bool {
    let says_more = matches!(cause, Cause::Again | Cause::Recovery | Cause::Registered);
    !says_more && watch.is_dead(id)
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

const AFTER_FAILURE: Duration = Duration::from_secs(5);
