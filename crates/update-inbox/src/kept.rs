//! Dead letters and unreadable requests while they are kept: looked at one by one, and let go when their time or their room is over.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use diesel::prelude::*;
use store::{Columns as _, Connection};
use update_dispatcher::Seq;

use crate::dead::{DeadLetter, Facts, QuarantineFacts, Quarantined};
use crate::rows::Body;
use crate::schema::{inbox_dead, inbox_quarantine};
use crate::shared::Shared;
use crate::unreadable::sizes;

/// Counts one more, and makes room when there are too many: an eighth of it, so that few have to.
pub(crate) async fn bound(shared: &Shared, more: usize) {
    let (unreadable, config) = (&shared.unreadable, &shared.config);
    let requests = unreadable.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let bytes = unreadable.bytes.fetch_add(more, Ordering::Relaxed) + more;
    let over = requests > config.unreadable || bytes > config.unreadable_bytes;
    if !over || unreadable.trimming.swap(true, Ordering::AcqRel) {
        return;
    }
    let _trimming = Trimming(&unreadable.trimming);
    match trim(shared).await {
        Ok(gone) => tracing::warn!(
            gone,
            "unreadable requests fill their room: the oldest are gone"
        ),
        Err(error) => tracing::error!(
            error = &error as &dyn std::error::Error,
            "unreadable requests fill their room, and none could be deleted"
        ),
    }
}

/// Deletes dead letters and unreadable requests whose time is over; answers how many of each.
pub(crate) async fn prune(shared: &Shared) -> store::Result<(usize, usize)> {
    let horizon = (shared.clock.now() - shared.config.keep_failed).unix_us();
    let mut connection = shared.database.connect().await?;
    let (mut failed, mut unreadable) = (0, 0);
    loop {
        let some: Vec<i64> = connection
            .fetch(
                inbox_dead::table
                    .filter(inbox_dead::died_at_us.lt(horizon))
                    .order(inbox_dead::died_at_us)
                    .limit(AT_ONCE)
                    .select(inbox_dead::seq),
            )
            .await?;
        if some.is_empty() {
            break;
        }
        let gone = inbox_dead::table.filter(inbox_dead::seq.eq_any(some));
        failed += connection.run(diesel::delete(gone)).await?;
    }
    loop {
        let some: Vec<i64> = connection
            .fetch(
                inbox_quarantine::table
                    .filter(inbox_quarantine::received_at_us.lt(horizon))
                    .order(inbox_quarantine::received_at_us)
                    .limit(AT_ONCE)
                    .select(inbox_quarantine::seq),
            )
            .await?;
        if some.is_empty() {
            break;
        }
        let gone = inbox_quarantine::table.filter(inbox_quarantine::seq.eq_any(some));
        unreadable += connection.run(diesel::delete(gone)).await?;
    }
    if shared.unreadable.requests.load(Ordering::Relaxed) > 0 {
        shared.unreadable.set(&sizes(&mut connection).await?);
    }
    Ok((failed, unreadable))
}

/// A dead letter and its body.
pub(crate) async fn dead(
    connection: &mut Connection,
    seq: Seq,
) -> store::Result<Option<(DeadLetter, Bytes)>> {
    let letter = inbox_dead::table
        .find(seq.value())
        .select((Facts::columns(), inbox_dead::body));
    let found: Option<(Facts, Body)> = connection.fetch_optional(letter).await?;
    Ok(found.map(|(facts, body)| (facts.into(), body.0)))
}

/// An unreadable request and its body.
pub(crate) async fn quarantined(
    connection: &mut Connection,
    seq: Seq,
) -> store::Result<Option<(Quarantined, Bytes)>> {
    let request = inbox_quarantine::table
        .find(seq.value())
        .select((QuarantineFacts::columns(), inbox_quarantine::body));
    let found: Option<(QuarantineFacts, Body)> = connection.fetch_optional(request).await?;
    Ok(found.map(|(facts, body)| (facts.into(), body.0)))
}

/// Deletes a dead letter or an unreadable request; answers whether there was one.
pub(crate) async fn discard(connection: &mut Connection, seq: Seq) -> store::Result<bool> {
    let dead = diesel::delete(inbox_dead::table.find(seq.value()));
    let unreadable = diesel::delete(inbox_quarantine::table.find(seq.value()));
    Ok(connection.run(dead).await? + connection.run(unreadable).await? > 0)
}

/// Deletes the oldest unreadable requests until an eighth of their room is free.
async fn trim(shared: &Shared) -> store::Result<usize> {
    let mut connection = shared.database.connect().await?;
    let sizes = sizes(&mut connection).await?;
    let (requests, most) = (shared.config.unreadable, shared.config.unreadable_bytes);
    let kept = newest(&sizes, requests - requests / 8, most - most / 8);
    let Some((last, _)) = kept.checked_sub(1).and_then(|place| sizes.get(place)) else {
        // Not even the newest fits.
        let gone = connection
            .run(diesel::delete(inbox_quarantine::table))
            .await?;
        shared.unreadable.set(&[]);
        return Ok(gone);
    };
    let gone = inbox_quarantine::table.filter(inbox_quarantine::seq.lt(*last));
    let gone = connection.run(diesel::delete(gone)).await?;
    shared.unreadable.set(&sizes[..kept]);
    Ok(gone)
}

/// How many of the newest fit.
fn newest(sizes: &[(i64, i32)], requests: usize, bytes: usize) -> usize {
    let mut taken = 0;
    let fits = sizes.iter().take(requests).take_while(|(_, size)| {
        taken += usize::try_from(*size).unwrap_or(0);
        taken <= bytes
    });
    fits.count()
}

struct Trimming<'a>(&'a AtomicBool);

impl Drop for Trimming<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Deleted by one statement, so that the writer does not wait long for it.
const AT_ONCE: i64 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_as_far_as_they_fit() {
        let sizes = [(9, 10), (8, 10), (5, 10), (2, 10)];
        assert_eq!(newest(&sizes, 3, 100), 3);
        assert_eq!(newest(&sizes, 9, 25), 2);
        assert_eq!(newest(&sizes, 9, 5), 0);
    }
}
