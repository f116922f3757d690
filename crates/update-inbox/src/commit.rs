//! One transaction: everything that a batch holds, or nothing.

use std::time::Duration;

use clock::Timestamp;
use store::WriterConnection;
use update_dispatcher::{Queued, Seq};

use crate::batches::Batches;
use crate::dead::{self, QuarantineRow};
use crate::ends::{End, Ends};
use crate::intake::{Batch, Order};
use crate::overdue::{Overdue, Share};
use crate::received::{Receipt, Received};
use crate::seen::Seen;
use crate::{pending, rows, sessions};

/// What is in memory of the database, as it is when the present commit succeeds.
pub(crate) struct Books {
    pub(crate) seen: Seen,
    pub(crate) batches: Batches,
    /// Whether it may be something else: at the start, and after a commit that failed or was not answered.
    pub(crate) stale: bool,
    /// The next number, unless somebody else has taken some: a process of before, whose last commit was under way.
    pub(crate) next: i64,
    /// What was read last, while commits fail.
    pub(crate) reread: Option<Reread>,
}

/// What the database held when this was the next number: as long as it is, nothing was committed since, and nothing has to be
/// read again.
pub(crate) struct Reread {
    next: i64,
    seen: Seen,
    batches: Batches,
}

/// When a commit happens, and after what.
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) elapsed: Duration,
    /// Whether new updates are left to be read from the database.
    pub(crate) behind: bool,
    /// Everything up to here was handed over.
    pub(crate) passed: Seq,
    /// Whether the commit before failed.
    pub(crate) failing: bool,
}

/// What a commit did, in the order of what was asked.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) answers: Vec<Answer>,
    /// What is to be handled now, in order.
    pub(crate) stored: Vec<Queued>,
    /// Whether the database may hold more than was known, which nobody was handed.
    pub(crate) reloaded: bool,
}

/// What became of an order.
pub(crate) enum Answer {
    Done,
    Expired(Share),
    Replayed(Option<Seq>),
}

/// Writes a batch. To be called in a transaction; when that fails, the books are stale.
pub(crate) fn write(
    writer: &mut WriterConnection,
    books: &mut Books,
    batch: &Batch,
    moment: &Moment,
) -> store::Result<Written> {
    let mut written = Written::default();
    let received: Vec<&Received> = batch.receiving.iter().map(|one| &one.received).collect();
    // First of all, even when no number is wanted: on Postgres it waits for a commit whose answer was lost and that is still under
    // way, and whatever is read after it, duplicates above all, knows what that one stored. Duplicates leave their numbers unused.
    // A probe takes a number too: what it asks is whether something can be written. Every commit takes one, so that the next number
    // tells whether there was another.
    let wanted = (received.len() + numbered(&batch.orders)).max(1);
    let mut next = pending::take_numbers(writer, wanted)?;
    written.reloaded = books.stale || next != books.next;
    if written.reloaded {
        books.reload(writer, next, moment)?;
    }
    books.next = next + i64::try_from(wanted).unwrap_or(i64::MAX);
    let fresh = books.seen.mark(writer, &received, moment.now)?;
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
    books.store(writer, &written.stored, moment)?;
    for order in &batch.orders {
        let number = Seq::new(next);
        next += i64::from(is_numbered(order));
        let answer = carry_out(
            writer,
            &mut books.seen,
            order,
            number,
            moment.now,
            &mut written.stored,
        )?;
        written.answers.push(answer);
    }
    #[cfg(feature = "failpoints")]
    fail::fail_point!("inbox-after-insert", |_| std::process::abort());
    books.settle(writer, &batch.ends, moment.elapsed)?;
    #[cfg(feature = "failpoints")]
    fail::fail_point!("inbox-before-commit", |_| std::process::abort());
    Ok(written)
}

impl Moment {
    /// From here on nothing was handed over.
    pub(crate) fn first_unseen(&self) -> Seq {
        Seq::new(self.passed.value().saturating_add(1))
    }
}

impl Books {
    fn reload(
        &mut self,
        writer: &mut WriterConnection,
        next: i64,
        moment: &Moment,
    ) -> store::Result<()> {
        let unseen = moment.first_unseen();
        if let Some(read) = self.reread.as_ref().filter(|read| read.next == next) {
            self.batches.restore(&read.batches, unseen);
            self.seen.clone_from(&read.seen);
        } else {
            self.batches.reload(writer, unseen, moment.elapsed)?;
            self.seen.reload(writer)?;
            self.reread = moment.failing.then(|| Reread {
                next,
                seen: self.seen.clone(),
                batches: self.batches.clone(),
            });
        }
        self.stale = false;
        Ok(())
    }

    fn store(
        &mut self,
        writer: &mut WriterConnection,
        fresh: &[Queued],
        moment: &Moment,
    ) -> store::Result<()> {
        if moment.behind {
            pending::insert(writer, fresh)?;
        } else {
            self.batches.add(writer, fresh, moment.elapsed)?;
        }
        self.seen.note(writer, fresh, moment.now)
    }

    /// Writes what became of updates.
    fn settle(
        &mut self,
        writer: &mut WriterConnection,
        ends: &Ends,
        elapsed: Duration,
    ) -> store::Result<()> {
        #[cfg(feature = "failpoints")]
        fail::fail_point!("inbox-before-settle", |_| std::process::abort());
        // What goes on, or is kept, needs a row.
        let others = ends.others.keys().copied();
        self.batches.move_out(writer, others, elapsed)?;
        for (seq, end) in &ends.others {
            match end {
                End::Dead(dead) => dead::bury(writer, *seq, dead)?,
                End::Retry(retry) => pending::set_retry(writer, *seq, retry)?,
            }
        }
        let mut rows = Vec::new();
        for seq in &ends.finished {
            if !self.batches.finish(*seq) {
                rows.push(seq.value());
            }
        }
        self.batches.save(writer)?;
        pending::delete(writer, &rows)?;
        sessions::write(writer, &ends.sessions)
    }
}

fn carry_out(
    writer: &mut WriterConnection,
    seen: &mut Seen,
    order: &Order,
    number: Seq,
    now: Timestamp,
    stored: &mut Vec<Queued>,
) -> store::Result<Answer> {
    Ok(match order {
        Order::Expire(overdue, _) => Answer::Expired(match overdue {
            Overdue::Parked(connections) => pending::delete_expired(writer, connections, now)?,
            Overdue::Blocks { firm } => seen.expire(writer, now, *firm)?,
            Overdue::Sessions => Share {
                deleted: sessions::delete_expired(writer, now)?,
                ..Share::default()
            },
        }),
        Order::Probe(_) | Order::Spread { .. } => Answer::Done,
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
            if let Some(queued) = &raised {
                pending::insert(writer, std::slice::from_ref(queued))?;
            }
            stored.extend(raised);
            answer
        }
    })
}

fn numbered(orders: &[Order]) -> usize {
    orders.iter().filter(|order| is_numbered(order)).count()
}

fn is_numbered(order: &Order) -> bool {
    !matches!(order, Order::Expire(..) | Order::Spread { .. })
}
