//! The thread that writes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::WriterConnection;
use tokio::runtime::Handle;
use update_dispatcher::Seq;

use crate::batches::Batches;
use crate::by_lane;
use crate::commit::{self, Answer, Books, Moment, Written};
use crate::ends::Ends;
use crate::error::{Error, Result};
use crate::figures::Committed;
use crate::intake::{Batch, Next, Order, Receiving, Waiting};
use crate::log_keeper::LogKeeper;
use crate::pace::Pace;
use crate::received::Receipt;
use crate::seen::Seen;
use crate::shared::Shared;

/// Owns the connection that everything of the inbox is written through.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    handle: Handle,
    link: Option<WriterConnection>,
    books: Books,
    pace: Pace,
    log: LogKeeper,
    /// Commits that failed in a row.
    failures: u64,
    /// For so many turns more, ends do not ride along: they have just failed, and must not take updates with them.
    ends_held: u32,
}

impl Writer {
    /// Opens the connection and looks what is there; blocks.
    pub(crate) fn open(shared: Arc<Shared>, handle: Handle) -> Result<Self> {
        let mut link = shared.database.writer(&handle)?;
        let log = LogKeeper::start(&shared, &handle).map_err(Error::Thread)?;
        let books = Books {
            seen: Seen::new(shared.config.remembered_blocks),
            batches: Batches::default(),
            // What is read here may be on its way out: the first commit reads it again.
            stale: true,
            next: 0,
            reread: None,
        };
        let mut writer = Self {
            shared,
            handle,
            link: None,
            books,
            pace: Pace::default(),
            log,
            failures: 0,
            ends_held: 0,
        };
        let moment = writer.moment();
        writer
            .books
            .batches
            .reload(&mut link, moment.first_unseen(), moment.elapsed)?;
        let (undone, oldest) = writer.books.batches.depth();
        writer.shared.batched.send_modify(|batched| {
            (batched.undone, batched.oldest) = (undone, oldest);
        });
        writer.link = Some(link);
        Ok(writer)
    }

    /// Writes until the inbox is closed or gone; blocks.
    pub(crate) fn run(mut self) {
        loop {
            let pace = self.pace;
            let linger = || pace.linger(self.shared.clock.elapsed());
            match self
                .shared
                .intake
                .next(&self.waiting(), pace.expected, linger)
            {
                Next::Write(batch) => self.turn(batch),
                Next::Idle => self.tidy(),
                Next::Stop => break,
            }
        }
        // What was held back because it had failed gets one more try; what fails again is told anew after the next start.
        let held = self.shared.intake.take_ends();
        self.settle_singly(held);
        self.tidy();
    }

    fn waiting(&self) -> Waiting {
        let idle_after = match (self.ends_held, self.log.is_clean()) {
            (0, true) => None,
            (0, false) => Some(IDLE),
            (_, _) => Some(HELD),
        };
        Waiting {
            idle_after,
            ends: self.ends_held == 0,
        }
    }

    fn turn(&mut self, batch: Batch) {
        self.ends_held = self.ends_held.saturating_sub(1);
        if self.is_all_there(&batch) {
            return batch.orders.into_iter().for_each(answer_spread);
        }
        match self.commit(&batch) {
            Ok(written) => self.release(batch, written),
            Err(error) => {
                self.failed(&error);
                self.after_failure(batch);
                self.pause();
            }
        }
    }

    /// Whether all that a batch asks for is that updates can be read, and they can.
    fn is_all_there(&mut self, batch: &Batch) -> bool {
        let mut spreads = 0;
        for order in &batch.orders {
            if let Order::Spread { all, .. } = order {
                spreads += 1;
                if *all {
                    self.books.batches.leave_from(Seq::ZERO);
                }
            }
        }
        spreads == batch.orders.len()
            && batch.receiving.is_empty()
            && batch.ends.is_empty()
            && !self.books.stale
            && !self.books.batches.has_leavers()
    }

    /// Tries to find out who is to blame, so that it holds up nobody else.
    fn after_failure(&mut self, mut batch: Batch) {
        let ends = std::mem::take(&mut batch.ends);
        if ends.is_empty() {
            return self.give_up(batch);
        }
        if !batch.receiving.is_empty() || !batch.orders.is_empty() {
            match self.commit(&batch) {
                Ok(written) => self.release(batch, written),
                Err(error) => {
                    // Without them it failed too: they are not to blame.
                    self.failed(&error);
                    self.shared.intake.unsettle(ends);
                    return self.give_up(batch);
                }
            }
        }
        let kept = self.settle_singly(Arc::unwrap_or_clone(ends));
        if !kept.is_empty() {
            self.ends_held = HELD_TURNS;
        }
        self.shared.intake.unsettle(Arc::new(kept));
    }

    /// Drops what waits unanswered: each is told that it was not stored. The patient go on waiting.
    fn give_up(&self, batch: Batch) {
        for order in batch.orders {
            if matches!(order, Order::Spread { patient: true, .. }) {
                self.shared.intake.order(order);
            }
        }
    }

    fn commit(&mut self, batch: &Batch) -> store::Result<Written> {
        self.shared
            .batched
            .send_modify(|batched| batched.steps += 1);
        let written = self.write(batch);
        let depth = written.is_ok().then(|| self.books.batches.depth());
        self.shared.batched.send_modify(|batched| {
            batched.steps += 1;
            if let Some((undone, oldest)) = depth {
                (batched.undone, batched.oldest) = (undone, oldest);
            }
        });
        written
    }

    fn write(&mut self, batch: &Batch) -> store::Result<Written> {
        let moment = self.moment();
        let clock = &self.shared.clock;
        let books = &mut self.books;
        let link = match &mut self.link {
            Some(link) => link,
            none => none.insert(self.shared.database.writer(&self.handle)?),
        };
        let (entered, began) = (clock.elapsed(), Cell::new(Duration::ZERO));
        #[cfg(feature = "failpoints")]
        fail::fail_point!("inbox-before-begin", |_| std::process::abort());
        let written = link.transaction(|link| {
            let written = commit::write(link, books, batch, &moment)?;
            began.set(clock.elapsed());
            Ok::<_, store::Error>(written)
        })?;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("inbox-after-commit", |_| std::process::abort());
        books.batches.saved();
        books.reread = None;
        self.shared.failing.store(false, Ordering::Relaxed);
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!("updates are stored again");
        }
        self.shared.sessions.saved(&batch.ends.sessions);
        let ended = clock.elapsed();
        let took = ended.saturating_sub(began.get());
        let fresh = |receipt: &&Receipt| **receipt == Receipt::Stored;
        let stored = written.receipts.iter().filter(fresh).count();
        self.shared.counters.committed(&Committed {
            stored,
            duplicates: written.receipts.len() - stored,
            settled: batch.ends.settled(),
            commit: took,
            transaction: ended.saturating_sub(entered),
        });
        let waiting = self.shared.intake.waiting();
        self.pace.learn(took, ended, batch.receiving.len(), waiting);
        Ok(written)
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.shared.clock.now(),
            elapsed: self.shared.clock.elapsed(),
            behind: self.shared.feed.is_behind(),
            passed: self.shared.feed.passed(),
            failing: self.failures > 0,
        }
    }

    /// After a commit: everyone's answer is on its way first (of several by a task of the runtime, which nobody waits for), then the
    /// dispatcher is told, and only then the log is looked at.
    fn release(&mut self, batch: Batch, written: Written) {
        let answers = batch.receiving.into_iter().zip(written.receipts);
        if answers.len() > 1 {
            // From there they wake each other's neighbours; from here each answer could cost a change of threads.
            self.handle.spawn(async move { answers.for_each(answer) });
        } else {
            answers.for_each(answer);
        }
        for (order, answer) in batch.orders.into_iter().zip(written.answers) {
            answer_order(order, answer);
        }
        if !batch.ends.is_empty() {
            self.shared.intake.settled();
            #[cfg(feature = "failpoints")]
            fail::fail_point!("inbox-after-settle", |_| std::process::abort());
        }
        if written.reloaded {
            // A commit that nobody here was answered may have ended before this one took its numbers, and after the feeder looked.
            self.shared.feed.fall_behind();
        }
        #[cfg(feature = "failpoints")]
        fail::fail_point!("inbox-before-hand-over", |_| std::process::abort());
        let left = self.shared.feed.hand_over(written.stored);
        self.books.batches.leave(left);
        if let Some(link) = &mut self.link {
            self.log.committed(link);
        }
    }

    fn failed(&mut self, error: &store::Error) {
        self.books.stale = true;
        self.link = None;
        self.shared.feed.fall_behind();
        self.shared.failing.store(true, Ordering::Relaxed);
        self.failures += 1;
        self.shared.counters.failed();
        if self.failures.is_power_of_two() {
            let failures = self.failures;
            tracing::error!(
                error = error as &dyn std::error::Error,
                failures,
                "updates cannot be stored"
            );
        }
    }

    /// A database that fails is not asked as fast as it can answer.
    fn pause(&self) {
        if self.failures > 1 {
            let doublings = u32::try_from(self.failures.min(8)).unwrap_or(8);
            self.shared.intake.pause(FIRST_PAUSE * 2_u32.pow(doublings));
        }
    }

    /// Settles what can be settled, one by one, and answers the rest: one that no database takes must not hold up the others.
    fn settle_singly(&mut self, mut ends: Ends) -> Ends {
        let mut kept = Ends::default();
        let mut failures = 0;
        for lane in by_lane::take_lanes(&mut ends) {
            if failures >= MOST_FAILURES {
                kept.add(lane);
            } else if let Err((lane, reachable)) = self.settle(lane) {
                kept.add(lane);
                failures += if reachable { 1 } else { MOST_FAILURES };
            }
        }
        let finished = Ends {
            finished: ends.finished,
            ..Ends::default()
        };
        if let Err((ends, _)) = self.settle(finished) {
            kept.finished.extend(ends.finished);
            failures = MOST_FAILURES;
        }
        for (seq, end) in ends.others {
            let one = Ends {
                others: BTreeMap::from([(seq, end)]),
                ..Ends::default()
            };
            if failures >= MOST_FAILURES {
                kept.others.extend(one.others);
            } else if let Err((one, reachable)) = self.settle(one) {
                kept.others.extend(one.others);
                failures += if reachable { 1 } else { MOST_FAILURES };
            }
        }
        kept
    }

    /// Commits these alone. When it fails: answers them, and whether the database can be reached.
    fn settle(&mut self, ends: Ends) -> std::result::Result<(), (Ends, bool)> {
        if ends.is_empty() {
            return Ok(());
        }
        let batch = Batch {
            ends: Arc::new(ends),
            ..Batch::default()
        };
        self.commit(&batch).map(drop).map_err(|error| {
            let reachable = !matches!(error, store::Error::Connect(_) | store::Error::Busy(_));
            self.failed(&error);
            (Arc::unwrap_or_clone(batch.ends), reachable)
        })
    }

    /// Moves the log into the file while nobody waits.
    fn tidy(&mut self) {
        self.ends_held = 0;
        if let Some(link) = &mut self.link {
            self.log.idle(link);
        }
    }
}

fn answer_order(order: Order, answer: Answer) {
    // Nobody has to wait for an answer.
    match (order, answer) {
        (Order::Expire(_, to), Answer::Expired(expired)) => drop(to.send(expired)),
        (Order::Probe(to), Answer::Done) => drop(to.send(())),
        (Order::Quarantine { answer: to, .. } | Order::Spread { answer: to, .. }, Answer::Done) => {
            let _ = to.send(());
        }
        (Order::Replay(_, to), Answer::Replayed(seq)) => drop(to.send(seq)),
        // The answers were made in the order of the orders.
        _ => {}
    }
}

fn answer((one, receipt): (Receiving, Receipt)) {
    // Who no longer waits will bring it again, and learn that it is a duplicate.
    let _ = one.answer.send(receipt);
    #[cfg(feature = "failpoints")]
    fail::fail_point!("inbox-between-answers", |_| std::process::abort());
}

fn answer_spread(order: Order) {
    answer_order(order, Answer::Done);
}

/// Without work for so long, the log is moved.
const IDLE: Duration = Duration::from_millis(250);

/// Without work for so long, ends that failed are tried again.
const HELD: Duration = Duration::from_secs(1);

const HELD_TURNS: u32 = 32;

/// With so many ends that failed one after the other, it is not the ends.
const MOST_FAILURES: u32 = 3;

/// Doubled with each failure, up to half a second.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
