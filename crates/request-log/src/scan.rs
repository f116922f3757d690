//! Which segments may hold what a filter asks for, the newest first.

use clock::Timestamp;
use diesel::prelude::*;
use ids::ProjectId;
use store::{Columns as _, Connection};

use crate::bits;
use crate::error::Result;
use crate::fault::Fault;
use crate::outcome::Outcome;
use crate::owners::{self, RUN, part_of, run_of};
use crate::table::{request_bodies, request_owners, request_segments};
use crate::wire::Bytes;

/// A segment without its body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = request_segments, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct Sighted {
    pub(crate) segment: i64,
    pub(crate) first_us: i64,
    pub(crate) entries: i64,
    outcomes: Vec<u8>,
}

/// What is looked for. The times are those at which requests began: from `since_us` on, before `until_us`.
pub(crate) struct Wanted {
    pub(crate) owner: Option<u32>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) since_us: i64,
    pub(crate) until_us: i64,
}

/// A way through the segments, from the newest to the oldest.
pub(crate) struct Scan {
    wanted: Wanted,
    /// All that is looked at lies between these, both included.
    low: i64,
    top: i64,
    /// What lies below is still to be looked at.
    below: i64,
    /// The run that has no index yet.
    newest_run: i64,
    /// Runs that hold the owner, the newest last, and which of their segments do.
    runs: Vec<(i64, u64)>,
    /// Segments that fit, the newest last.
    sighted: Vec<Sighted>,
}

impl Wanted {
    pub(crate) fn new(
        project: Option<&ProjectId>,
        outcome: Option<Outcome>,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Self {
        Self {
            owner: project.map(bits::owner_key),
            outcome,
            since_us: since.map_or(i64::MIN, Timestamp::unix_us),
            until_us: until.map_or(i64::MAX, Timestamp::unix_us),
        }
    }
}

impl Sighted {
    /// How many of its requests ended how.
    pub(crate) fn outcomes(&self) -> Result<Vec<(Outcome, u64)>> {
        let mut bytes = Bytes(&self.outcomes);
        let mut outcomes = Vec::new();
        while !bytes.is_empty() {
            let (code, count) = bytes
                .byte()
                .and_then(|code| Ok((code, bytes.number()?)))
                .map_err(|fault| fault.of(self.segment))?;
            let outcome = Outcome::coded(code).ok_or(Fault::Damaged("an outcome is unknown"));
            outcomes.push((outcome.map_err(|fault| fault.of(self.segment))?, count));
        }
        Ok(outcomes)
    }
}

impl Scan {
    /// A way that begins at this segment or, if that is newer than all, at the newest.
    pub(crate) async fn begin(
        connection: &mut Connection,
        wanted: Wanted,
        from: i64,
    ) -> Result<Self> {
        let (low, top, newest) = bounds(connection, &wanted).await?;
        let top = top.min(from);
        Ok(Self {
            wanted,
            low,
            top,
            below: top.saturating_add(1),
            newest_run: run_of(newest),
            runs: Vec::new(),
            sighted: Vec::new(),
        })
    }

    /// The next segment that may hold something.
    pub(crate) async fn next(&mut self, connection: &mut Connection) -> Result<Option<Sighted>> {
        loop {
            if let Some(sighted) = self.sighted.pop() {
                if self.may_hold(&sighted)? {
                    return Ok(Some(sighted));
                }
            } else if let Some((run, bits)) = self.runs.pop() {
                let (low, high) = self.within(run);
                self.sighted = sight(connection, &self.wanted, low, high).await?;
                self.sighted
                    .retain(|one| bits >> one.segment.rem_euclid(RUN) & 1 == 1);
            } else if self.below <= self.low {
                return Ok(None);
            } else {
                self.go_on(connection).await?;
            }
        }
    }

    async fn go_on(&mut self, connection: &mut Connection) -> Result<()> {
        match self.wanted.owner {
            None => {
                let high = self.below - 1;
                self.sighted = sight(connection, &self.wanted, self.low, high).await?;
                let oldest = self.sighted.first().map(|oldest| oldest.segment);
                let is_end = (self.sighted.len() as i64) < RUN;
                self.below = oldest.filter(|_| !is_end).unwrap_or(self.low);
            }
            Some(owner) if run_of(self.below - 1) >= self.newest_run => {
                self.search_newest_run(connection, owner).await?;
            }
            Some(owner) => self.search_runs(connection, owner).await?,
        }
        Ok(())
    }

    /// By the lists of its segments.
    async fn search_newest_run(&mut self, connection: &mut Connection, owner: u32) -> Result<()> {
        let (low, high) = self.within(self.newest_run);
        let lists: Vec<(i64, Vec<u8>)> = connection
            .fetch(
                request_bodies::table
                    .filter(request_bodies::segment.ge(low))
                    .filter(request_bodies::segment.le(high))
                    .select((request_bodies::segment, request_bodies::owners)),
            )
            .await?;
        let holding = lists.iter().filter(|(_, list)| owners::holds(list, owner));
        let bits = holding.fold(0, |bits, (segment, _)| bits | 1 << segment.rem_euclid(RUN));
        self.runs.push((self.newest_run, bits));
        self.below = self.newest_run * RUN;
        Ok(())
    }

    /// By the index.
    async fn search_runs(&mut self, connection: &mut Connection, owner: u32) -> Result<()> {
        let parts: Vec<(i64, Vec<u8>)> = connection
            .fetch(
                request_owners::table
                    .filter(request_owners::part.eq(part_of(owner)))
                    .filter(request_owners::run.ge(run_of(self.low)))
                    .filter(request_owners::run.le(run_of(self.below - 1)))
                    .order(request_owners::run.desc())
                    .limit(PARTS_AT_ONCE)
                    .select((request_owners::run, request_owners::owners)),
            )
            .await?;
        let oldest = parts.last().map(|(run, _)| run * RUN);
        let is_end = (parts.len() as i64) < PARTS_AT_ONCE;
        self.below = oldest.filter(|_| !is_end).unwrap_or(self.low);
        let parts = parts.iter().rev();
        let found = parts.map(|(run, part)| (*run, owners::look_up(part, owner)));
        self.runs.extend(found.filter(|(_, bits)| *bits != 0));
        Ok(())
    }

    /// The first and the last segment of a run that are wanted.
    fn within(&self, run: i64) -> (i64, i64) {
        (self.low.max(run * RUN), self.top.min(run * RUN + RUN - 1))
    }

    fn may_hold(&self, sighted: &Sighted) -> Result<bool> {
        let Some(outcome) = self.wanted.outcome else {
            return Ok(true);
        };
        let outcomes = sighted.outcomes()?;
        Ok(outcomes.iter().any(|(one, _)| *one == outcome))
    }
}

/// The first and the last segment whose requests can be of the time that is wanted, and the newest of all.
async fn bounds(connection: &mut Connection, wanted: &Wanted) -> store::Result<(i64, i64, i64)> {
    let newest = request_segments::table
        .order(request_segments::segment.desc())
        .limit(1)
        .select((
            request_segments::segment,
            request_segments::lag_us,
            request_segments::lead_us,
        ));
    let newest: Option<(i64, i64, i64)> = connection.fetch_optional(newest).await?;
    let Some((newest, lag_us, lead_us)) = newest else {
        return Ok((1, 0, 0));
    };
    let first = request_segments::table
        .filter(request_segments::opened_us.ge(wanted.since_us.saturating_sub(lead_us)))
        .order((request_segments::opened_us, request_segments::segment))
        .limit(1)
        .select(request_segments::segment);
    let first: Option<i64> = connection.fetch_optional(first).await?;
    let last = request_segments::table
        .filter(request_segments::opened_us.lt(wanted.until_us.saturating_add(lag_us)))
        .order((
            request_segments::opened_us.desc(),
            request_segments::segment.desc(),
        ))
        .limit(1)
        .select(request_segments::segment);
    let last: Option<i64> = connection.fetch_optional(last).await?;
    Ok((first.unwrap_or(i64::MAX), last.unwrap_or(0), newest))
}

/// The newest segments between two whose requests may be of the time that is wanted, the newest last.
async fn sight(
    connection: &mut Connection,
    wanted: &Wanted,
    low: i64,
    high: i64,
) -> store::Result<Vec<Sighted>> {
    let query = request_segments::table
        .filter(request_segments::segment.ge(low))
        .filter(request_segments::segment.le(high))
        .filter(request_segments::first_us.lt(wanted.until_us))
        .filter(request_segments::last_us.ge(wanted.since_us))
        .order(request_segments::segment.desc())
        .limit(RUN)
        .select(Sighted::columns());
    let mut sighted: Vec<Sighted> = connection.fetch(query).await?;
    sighted.reverse();
    Ok(sighted)
}

/// Parts of the index that are fetched in one go: some 100 kB.
const PARTS_AT_ONCE: i64 = 64;
