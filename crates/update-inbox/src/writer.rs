//! The thread that writes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::WriterConnection;
use tokio::runtime::Handle;
use update_dispatcher::Seq;

use crate::commit::{self, Answer, Written};
use crate::intake::{Batch, End, Next, Order, Waiting};
use crate::pace::Pace;
use crate::seen::Seen;
use crate::shared::Shared;

/// Owns the connection that everything of the inbox is written through.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    handle: Handle,
    link: Option<WriterConnection>,
    seen: Seen,
    pace: Pace,
    /// Commits since the write-ahead log was moved.
    commits: u32,
    /// Commits that failed in a row.
    failures: u64,
    /// Whether a commit that nobody here had an answer to may have happened: one of this process, or of the one before.
    unsure: bool,
    /// For so many turns more, ends do not ride along: they have just failed, and must not take updates with them.
    ends_held: u32,
}

impl Writer {
    /// Opens the connection; blocks.
    pub(crate) fn open(shared: Arc<Shared>, handle: Handle) -> store::Result<Self> {
        let link = Some(shared.database.writer(&handle)?);
        let seen = Seen::new(shared.config.remembered_blocks);
        Ok(Self {
            shared,
            handle,
            link,
            seen,
            pace: Pace::default(),
            commits: 0,
            failures: 0,
            unsure: true,
            ends_held: 0,
        })
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
        self.tidy();
    }

    fn waiting(&self) -> Waiting {
        let idle_after = match (self.ends_held, self.commits) {
            (0, 0) => None,
            (0, _) => Some(IDLE),
            (_, _) => Some(HELD),
        };
        Waiting {
            idle_after,
            ends: self.ends_held == 0,
        }
    }

    fn turn(&mut self, mut batch: Batch) {
        self.ends_held = self.ends_held.saturating_sub(1);
        match self.commit(&batch) {
            Ok(written) => self.release(batch, written),
            Err(error) => {
                self.failed(&error);
                let ends = std::mem::take(&mut batch.ends);
                if ends.is_empty() {
                    // Dropped unanswered: each who waits is told that it was not stored.
                    return;
                }
                self.ends_held = HELD_TURNS;
                if batch.receiving.is_empty() && batch.orders.is_empty() {
                    let kept = self.settle_singly(ends);
                    self.shared.intake.unsettle(kept);
                } else {
                    self.shared.intake.unsettle(ends);
                    self.turn(batch);
                    if self.failures > 0 {
                        // Without them it failed too: they are not to blame.
                        self.ends_held = 0;
                    }
                }
            }
        }
    }

    fn commit(&mut self, batch: &Batch) -> store::Result<Written> {
        let clock = &self.shared.clock;
        let seen = &mut self.seen;
        let link = match &mut self.link {
            Some(link) => link,
            none => none.insert(self.shared.database.writer(&self.handle)?),
        };
        let now = clock.now();
        let began = Cell::new(Duration::ZERO);
        let written = link.transaction(|link| {
            let written = commit::write(link, seen, batch, now)?;
            began.set(clock.elapsed());
            Ok::<_, store::Error>(written)
        })?;
        let ended = clock.elapsed();
        let waiting = self.shared.intake.waiting();
        self.pace.learn(
            ended.saturating_sub(began.get()),
            ended,
            batch.receiving.len(),
            waiting,
        );
        Ok(written)
    }

    /// After a commit: everyone is answered first, then the dispatcher, and only then the log.
    fn release(&mut self, batch: Batch, written: Written) {
        for (one, receipt) in batch.receiving.into_iter().zip(written.receipts) {
            // Who no longer waits will bring it again, and learn that it is a duplicate.
            let _ = one.answer.send(receipt);
        }
        for (order, answer) in batch.orders.into_iter().zip(written.answers) {
            answer_order(order, answer);
        }
        if !batch.ends.is_empty() {
            self.shared.intake.settled();
        }
        self.shared.failing.store(false, Ordering::Relaxed);
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!("updates are stored again");
        }
        if std::mem::take(&mut self.unsure) {
            // Such a commit has ended before this one took its numbers, maybe after the feeder last looked.
            self.shared.feed.fall_behind();
        }
        self.shared.feed.hand_over(written.stored);
        self.commits = self.commits.saturating_add(1);
        if self.commits.is_multiple_of(LOOK_EVERY) {
            self.look_at_log();
        }
    }

    fn failed(&mut self, error: &store::Error) {
        self.seen.forget();
        self.link = None;
        // An answer may have been lost on its way from a commit that happened.
        self.unsure = true;
        self.shared.feed.fall_behind();
        self.shared.failing.store(true, Ordering::Relaxed);
        self.failures += 1;
        if self.failures.is_power_of_two() {
            let failures = self.failures;
            tracing::error!(
                error = error as &dyn std::error::Error,
                failures,
                "updates cannot be stored"
            );
        }
    }

    /// Settles what can be settled, one by one, and answers the rest: one that no database takes must not hold up the others.
    fn settle_singly(&mut self, ends: BTreeMap<Seq, End>) -> BTreeMap<Seq, End> {
        let mut kept = BTreeMap::new();
        let mut reachable = true;
        for (seq, end) in ends {
            let one = Batch {
                ends: BTreeMap::from([(seq, end.clone())]),
                ..Batch::default()
            };
            match reachable.then(|| self.commit(&one)) {
                Some(Ok(_)) => continue,
                Some(Err(error)) => {
                    reachable = !matches!(error, store::Error::Connect(_) | store::Error::Busy(_));
                    self.failed(&error);
                }
                None => {}
            }
            kept.insert(seq, end);
        }
        kept
    }

    /// Moves the log into the file while nobody waits.
    fn tidy(&mut self) {
        self.ends_held = 0;
        if std::mem::take(&mut self.commits) > 0 {
            self.with_link(|link| link.checkpoint().map(drop));
        }
    }

    /// Moves the log even while the inbox is busy, before it grows too long.
    fn look_at_log(&mut self) {
        let most = self.shared.config.checkpoint_pages;
        self.with_link(|link| match link.wal()? {
            Some(wal) if wal.frames.saturating_sub(wal.moved) >= most => {
                link.checkpoint().map(drop)
            }
            _ => Ok(()),
        });
    }

    fn with_link(&mut self, work: impl FnOnce(&mut WriterConnection) -> store::Result<()>) {
        if let Some(Err(error)) = self.link.as_mut().map(work) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the write-ahead log cannot be moved"
            );
        }
    }
}

fn answer_order(order: Order, answer: Answer) {
    // Nobody has to wait for an answer.
    match (order, answer) {
        (Order::Expire(_, to), Answer::Expired(expired)) => drop(to.send(expired)),
        (Order::Probe(to), Answer::Done) => drop(to.send(())),
        (Order::Quarantine { answer: to, .. }, Answer::Done) => drop(to.send(())),
        (Order::Replay(_, to), Answer::Replayed(seq)) => drop(to.send(seq)),
        // The answers were made in the order of the orders.
        _ => {}
    }
}

/// Without work for so long, the log is moved.
const IDLE: Duration = Duration::from_millis(250);

/// Without work for so long, ends that failed are tried again.
const HELD: Duration = Duration::from_secs(1);

const HELD_TURNS: u32 = 32;

/// Commits between two looks at the length of the log.
const LOOK_EVERY: u32 = 32;
