//! Reading the log, a page at a time.

use std::collections::HashMap;

use clock::Timestamp;
use ids::ProjectId;
use store::Connection;

use crate::bits::Quick;
use crate::cursor::Cursor;
use crate::decode::{Decoder, Entry, Request, Update};
use crate::error::Result;
use crate::fault::Fault;
use crate::follow::follow;
use crate::log::RequestLog;
use crate::logged::{Found, LoggedRequest};
use crate::outcome::Outcome;
use crate::scan::{Scan, Sighted, Wanted};
use crate::table;

/// Which requests are asked for; by default all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of one project.
    pub project: Option<ProjectId>,
    /// Those with one outcome.
    pub outcome: Option<Outcome>,
    /// Those that began at this time or later.
    pub since: Option<Timestamp>,
    /// Those that began before this time.
    pub until: Option<Timestamp>,
}

/// Some requests, the newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The requests.
    pub requests: Vec<LoggedRequest>,
    /// Where to go on, unless this is the end.
    pub next: Option<Cursor>,
}

impl RequestLog {
    /// A page of at most `limit` rows, the newest first, that comes after `after`. Newest is what was recorded last: requests
    /// are recorded when they end. What was recorded in the last moments may not be written yet.
    ///
    /// A page may have fewer rows than `limit`, even none, and yet a [`next`](Page::next): when what the filter asks for is
    /// rare, one call does not search for long.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store); [`Error::DamagedSegment`](crate::Error::DamagedSegment) and
    /// [`Error::NewerSegment`](crate::Error::NewerSegment) for a segment that cannot be read.
    pub async fn requests_list(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page> {
        let mut connection = self.database().connect().await?;
        let limit = limit as usize;
        let (mut page, goes_on) = rows(&mut connection, filter, after, limit).await?;
        let last = page.last().filter(|_| page.len() >= limit);
        let next = last.map(|last| Cursor {
            segment: last.segment,
            position: last.position,
        });
        follow(&mut connection, &mut page).await?;
        Ok(Page {
            requests: page.into_iter().map(|found| found.request).collect(),
            next: next.or(goes_on),
        })
    }
}

/// The rows of a page; and where to go on when they are few because the search took long.
async fn rows(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Found>, Option<Cursor>)> {
    let project = filter.project.as_ref();
    let wanted = Wanted::new(project, filter.outcome, filter.since, filter.until);
    let from = after.map_or(i64::MAX, |after| after.segment);
    let mut scan = Scan::begin(connection, wanted, from).await?;
    let mut page = Vec::new();
    let mut in_vain = 0;
    while page.len() < limit {
        let Some(sighted) = scan.next(connection).await? else {
            break;
        };
        let segment = sighted.segment;
        let Some(body) = table::body(connection, segment).await? else {
            continue;
        };
        let before = after.filter(|after| after.segment == segment);
        let before = before.map_or(u32::MAX, |before| before.position);
        let had = page.len();
        read(&sighted, &body, filter, before, limit, &mut page)
            .map_err(|fault| fault.of(segment))?;
        in_vain = if page.len() > had { 0 } else { in_vain + 1 };
        if in_vain >= MOST_IN_VAIN {
            let position = 0;
            return Ok((page, Some(Cursor { segment, position })));
        }
    }
    Ok((page, None))
}

/// Adds to a page what a segment has for it, the newest first.
fn read(
    sighted: &Sighted,
    body: &[u8],
    filter: &Filter,
    before: u32,
    limit: usize,
    page: &mut Vec<Found>,
) -> Result<(), Fault> {
    let mut decoder = Decoder::new(body)?.only(filter.project.as_ref());
    let (mut requests, mut updates) = (Vec::new(), Vec::new());
    while let Some(entry) = decoder.next()? {
        match entry {
            Entry::Request(request) if request.position < before && filter.fits(&request) => {
                requests.push(request);
            }
            Entry::Request(_) | Entry::Other => {}
            Entry::Update(update) => updates.push(update),
        }
    }
    if i64::from(decoder.entries()) < sighted.entries {
        return Err(Fault::Damaged("records are missing at its end"));
    }
    let first = page.len();
    for request in requests.iter().rev().take(limit - first) {
        page.push(Found::new(sighted.segment, request)?);
    }
    tell(sighted.segment, &mut page[first..], &updates);
    Ok(())
}

/// Tells rows what became of them in the same segment.
fn tell(segment: i64, rows: &mut [Found], updates: &[Update<'_>]) {
    let numbered = rows.iter().enumerate();
    let by_update: HashMap<(u128, i64), usize, Quick> = numbered
        .filter_map(|(number, row)| Some((row.update?, number)))
        .collect();
    if by_update.is_empty() {
        return;
    }
    for update in updates {
        if let Some(number) = by_update.get(&(update.connection, update.update_id)) {
            rows[*number].hear(segment, update);
        }
    }
}

impl Filter {
    fn fits(&self, request: &Request<'_>) -> bool {
        let since = self.since.map_or(i64::MIN, Timestamp::unix_us);
        let until = self.until.map_or(i64::MAX, Timestamp::unix_us);
        (since..until).contains(&request.at_us)
            && self
                .outcome
                .is_none_or(|outcome| request.outcome == outcome)
            && self
                .project
                .as_ref()
                .is_none_or(|project| request.is_of(project))
    }
}

/// Segments in a row that are unpacked without finding anything, before the search is left to the next page.
const MOST_IN_VAIN: u32 = 256;
