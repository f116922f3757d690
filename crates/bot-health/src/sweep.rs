//! The slow round over all bots that are connected: what nobody noticed is found within the hour.

use std::sync::Arc;
use std::time::Duration;

use clock::Timestamp;
use connection_directory::{Connection, Status};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ids::ConnectionId;

use crate::error::Result;
use crate::look::look;
use crate::pace::{Pace, Round};
use crate::signal::Cause;
use crate::table::{self, SweepRow};
use crate::verdict::VerdictCode;
use crate::watch::{Watch, failed};

/// Goes round for ever, from where the process before came to.
pub(crate) async fn run(watch: &Arc<Watch>) {
    let mut sweep = loop {
        match Sweep::resume(watch).await {
            Ok(sweep) => break sweep,
            Err(error) => failed(
                &error,
                "how far the round of all bots came could not be read",
            ),
        }
        watch.parts.clock.sleep(AFTER_FAILURE).await;
    };
    let mut looks = FuturesUnordered::new();
    loop {
        let page = match sweep.page().await {
            Ok(page) => page,
            Err(error) => {
                failed(&error, "the next bots of the round could not be read");
                watch.parts.clock.sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        for record in &page {
            if sweep.is_due(record) {
                wait(watch, sweep.pause(), &mut looks).await;
                while looks.len() >= sweep.most {
                    looks.next().await;
                }
                looks.push(visit(Arc::clone(watch), record.id.clone()));
                sweep.visited();
            }
            sweep.position = Some(record.id.clone());
            sweep.save_now_and_then().await;
        }
        if page.len() < PAGE as usize {
            wait(watch, sweep.pause_between_rounds(), &mut looks).await;
            sweep.next_round().await;
        }
    }
}

async fn visit(watch: Arc<Watch>, id: ConnectionId) {
    // It may have died since its page was read.
    if !watch.is_dead(&id) {
        look(&watch, &id, Cause::Sweep).await;
    }
}

/// Waits, and takes the ends of looks meanwhile.
async fn wait<L>(watch: &Watch, pause: Duration, looks: &mut FuturesUnordered<L>)
where
    L: Future<Output = ()>,
{
    let mut pause = std::pin::pin!(watch.parts.clock.sleep(pause));
    loop {
        tokio::select! {
            () = pause.as_mut() => return,
            Some(()) = looks.next(), if !looks.is_empty() => {}
        }
    }
}

struct Sweep<'a> {
    watch: &'a Watch,
    pace: Pace,
    round: Round,
    /// When this round began, as far as this process has seen it.
    began: Duration,
    /// After whom to go on.
    position: Option<ConnectionId>,
    /// When somebody was visited last, by the time of day: also by the process before.
    visited_at: Option<Timestamp>,
    saved: Duration,
    /// Inspections that may be under way at once.
    most: usize,
}

impl<'a> Sweep<'a> {
    async fn resume(watch: &'a Watch) -> Result<Self> {
        let config = &watch.config;
        let pace = Pace {
            shortest: Duration::from_secs(1) / config.sweep_per_second.max(1),
            round: config.sweep_round,
        };
        let mut link = watch.parts.database.connect().await?;
        let saved = table::sweep(&mut link).await?.unwrap_or_default();
        drop(link);
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        let expected = match count(saved.expected) {
            // Nobody has counted them yet.
            0 => active(watch).await?,
            expected => expected,
        };
        let now = watch.parts.clock.elapsed();
        Ok(Self {
            watch,
            pace,
            round: Round::going_on(&pace, expected, count(saved.visited), now),
            began: now,
            position: saved.position.parse().ok(),
            visited_at: saved.visited_at_us.map(Timestamp::from_unix_us),
            saved: now,
            most: (config.at_once / 2).max(1),
        })
    }

    async fn page(&self) -> Result<Vec<Connection>> {
        let directory = &self.watch.parts.directory;
        let page = directory
            .connections_list(self.position.as_ref(), PAGE)
            .await?;
        self.note_disconnected(&page).await?;
        Ok(page)
    }

    /// Bots that their owners disconnected while nobody looked: that is known without asking Telegram.
    async fn note_disconnected(&self, page: &[Connection]) -> Result<()> {
        let gone = page.iter().filter(|one| one.status == Status::Disconnected);
        let gone: Vec<_> = gone.map(|record| record.id.clone()).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut link = self.watch.parts.database.connect().await?;
        let rows = table::find_all(&mut link, &gone).await?;
        let unnoted = rows.iter().filter(|row| {
            let told = row.standing().map(|standing| standing.told);
            told.is_ok_and(|told| told != VerdictCode::Disconnected)
        });
        let unnoted: Vec<u128> = unnoted.map(|row| row.connection_id.to_bits()).collect();
        self.watch.ask(unnoted, Cause::Again);
        Ok(())
    }

    fn is_due(&self, record: &Connection) -> bool {
        record.status == Status::Active && !self.watch.is_dead(&record.id)
    }

    /// How long to wait before the next visit. The time in which no process ran counts, so that frequent restarts do not put it off.
    fn pause(&self) -> Duration {
        let parts = &self.watch.parts;
        let jitter = parts.entropy.below(1_000) as f64 / 1_000.0;
        let pause = self.round.wait(&self.pace, parts.clock.elapsed(), jitter);
        let waited = self.visited_at.map(|at| parts.clock.now().since(at));
        pause
            .saturating_sub(waited.unwrap_or_default())
            .max(self.pace.shortest)
    }

    /// Nobody is waited for where there is somebody: the pauses between the visits make the round.
    fn pause_between_rounds(&self) -> Duration {
        if self.round.visited == 0 {
            NOBODY
        } else {
            Duration::ZERO
        }
    }

    fn visited(&mut self) {
        self.round.visited += 1;
        self.visited_at = Some(self.watch.parts.clock.now());
        let mut state = self.watch.state();
        state.sweep.visited = self.round.visited;
        state.sweep.expected = self.round.expected;
    }

    async fn save_now_and_then(&mut self) {
        let now = self.watch.parts.clock.elapsed();
        if now.saturating_sub(self.saved) >= SAVE_EVERY {
            self.save().await;
        }
    }

    async fn save(&mut self) {
        self.saved = self.watch.parts.clock.elapsed();
        let position = self.position.as_ref().map_or("", ConnectionId::as_str);
        let row = SweepRow {
            position: position.to_owned(),
            visited: self.round.visited.try_into().unwrap_or(i64::MAX),
            expected: self.round.expected.try_into().unwrap_or(i64::MAX),
            visited_at_us: self.visited_at.map(Timestamp::unix_us),
            ..SweepRow::default()
        };
        let saved = async {
            let mut link = self.watch.parts.database.connect().await?;
            table::save_sweep(&mut link, row).await
        };
        if let Err(error) = saved.await {
            failed(
                &error.into(),
                "how far the round of all bots came could not be written down",
            );
        }
    }

    async fn next_round(&mut self) {
        let now = self.watch.parts.clock.elapsed();
        let took = now.saturating_sub(self.began);
        self.watch.state().sweep.took = Some(took);
        self.began = now;
        self.round = self.round.next(&self.pace, now);
        self.position = None;
        self.save().await;
    }
}

/// How many bots are connected.
async fn active(watch: &Watch) -> Result<u64> {
    let (mut active, mut after) = (0, None);
    loop {
        let directory = &watch.parts.directory;
        let page = directory
            .connections_list(after.as_ref(), COUNTED_AT_ONCE)
            .await?;
        active += page
            .iter()
            .filter(|one| one.status == Status::Active)
            .count();
        if page.len() < COUNTED_AT_ONCE as usize {
            return Ok(active as u64);
        }
        after = page.last().map(|record| record.id.clone());
    }
}

const PAGE: u32 = 64;
const COUNTED_AT_ONCE: u32 = 500;
const SAVE_EVERY: Duration = Duration::from_secs(10);
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// A round in which there was nobody.
const NOBODY: Duration = Duration::from_secs(60);
