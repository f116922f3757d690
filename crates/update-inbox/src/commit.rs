//! One transaction: everything that a batch holds, or nothing.

use std::collections::BTreeMap;

use clock::Timestamp;
use store::WriterConnection;
use update_dispatcher::{Queued, Seq};

use crate::dead::{self, QuarantineRow};
use crate::intake::{Batch, End, Expired, Order};
use crate::received::{Receipt, Received};
use crate::seen::{self, Seen};
use crate::{pending, rows};

/// What a commit did, in the order of what was asked.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) answers: Vec<Answer>,
    /// What is to be handled now, in order.
    pub(crate) stored: Vec<Queued>,
}

/// What became of an order.
pub(crate) enum Answer {
    Done,
    Expired(Expired),
    Replayed(Option<Seq>),
}

/// Writes a batch. To be called in a transaction; when that fails, `seen` must forget.
pub(crate) fn write(
    writer: &mut WriterConnection,
    seen: &mut Seen,
    batch: &Batch,
    now: Timestamp,
) -> store::Result<Written> {
    let mut written = Written::default();
    let received: Vec<&Received> = batch.receiving.iter().map(|one| &one.received).collect();
    // First of all, even when no number is wanted: on Postgres it waits for a commit whose answer was lost and that is still under
    // way, and whatever is read after it, duplicates above all, knows what that one stored. Duplicates leave their numbers unused.
    // A probe takes a number too: what it asks is whether something can be written.
    let wanted = received.len() + numbered(&batch.orders);
    let mut next = pending::take_numbers(writer, wanted)?;
    let fresh = seen.mark(writer, &received, now)?;
    for (received, fresh) in received.iter().zip(fresh) {
        written.receipts.push(if fresh {
            Receipt::Stored
        } else {
            Receipt::Duplicate
        });
        if fresh {
            written.stored.push(received.queued(Seq::new(next)));
            next += 1;
        }
    }
    for order in &batch.orders {
        let number = Seq::new(next);
        next += i64::from(is_numbered(order));
        let answer = carry_out(writer, order, number, now, &mut written.stored)?;
        written.answers.push(answer);
    }
    pending::insert(writer, &written.stored)?;
    settle(writer, &batch.ends)?;
    Ok(written)
}

/// Writes what became of updates.
pub(crate) fn settle(
    writer: &mut WriterConnection,
    ends: &BTreeMap<Seq, End>,
) -> store::Result<()> {
    let mut finished = Vec::new();
    for (seq, end) in ends {
        match end {
            End::Dead(dead) => dead::bury(writer, *seq, dead)?,
            End::Finished => finished.push(seq.value()),
            End::Retry(retry) => pending::set_retry(writer, *seq, retry)?,
        }
    }
    pending::delete(writer, &finished)
}

fn carry_out(
    writer: &mut WriterConnection,
    order: &Order,
    number: Seq,
    now: Timestamp,
    stored: &mut Vec<Queued>,
) -> store::Result<Answer> {
    Ok(match order {
        Order::Expire(connections, _) => Answer::Expired(Expired {
            updates: pending::delete_expired(writer, connections, now)?,
            blocks: seen::delete_void(writer, now)?,
        }),
        Order::Probe(_) => Answer::Done,
        Order::Quarantine {
            owner,
            received_at,
            reason,
            body,
            ..
        } => {
            let row = QuarantineRow {
                seq: number.value(),
                connection_id: owner.clone(),
                received_at_us: received_at.unix_us(),
                reason: rows::text(reason),
                body: body.clone(),
            };
            dead::quarantine(writer, row)?;
            Answer::Done
        }
        Order::Replay(seq, _) => {
            let raised = dead::raise(writer, *seq, number, now)?;
            let answer = Answer::Replayed(raised.as_ref().map(|queued| queued.seq));
            stored.extend(raised);
            answer
        }
    })
}

fn numbered(orders: &[Order]) -> usize {
    orders.iter().filter(|order| is_numbered(order)).count()
}

fn is_numbered(order: &Order) -> bool {
    !matches!(order, Order::Expire(..))
}
