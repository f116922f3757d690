//! Sums over the log.

use clock::Timestamp;

use crate::decode::{Decoder, Entry};
use crate::error::Result;
use crate::fault::Fault;
use crate::log::RequestLog;
use crate::outcome::Outcome;
use crate::scan::{Scan, Wanted};
use crate::table;

impl RequestLog {
    /// How many requests ended how since a time, in the order of [`Outcome::ALL`], without those that none did.
    ///
    /// # Errors
    /// As [`requests_list`](Self::requests_list).
    pub async fn counts_by_outcome(&self, since: Timestamp) -> Result<Vec<(Outcome, u64)>> {
        let mut connection = self.database().connect().await?;
        let since_us = since.unix_us();
        let wanted = Wanted::new(None, None, Some(since), None);
        let mut scan = Scan::begin(&mut connection, wanted, i64::MAX).await?;
        let mut sums = [0_u64; Outcome::ALL.len()];
        while let Some(sighted) = scan.next(&mut connection).await? {
            let counts = if sighted.first_us >= since_us {
                sighted.outcomes()?
            } else if let Some(body) = table::body(&mut connection, sighted.segment).await? {
                counts_within(&body, since_us).map_err(|fault| fault.of(sighted.segment))?
            } else {
                continue;
            };
            for (outcome, count) in counts {
                let sum = &mut sums[usize::from(outcome.code())];
                *sum = sum.saturating_add(count);
            }
        }
        let sums = Outcome::ALL.into_iter().zip(sums);
        Ok(sums.filter(|(_, count)| *count > 0).collect())
    }
}

/// The same in one segment of which a part began earlier.
fn counts_within(body: &[u8], since_us: i64) -> Result<Vec<(Outcome, u64)>, Fault> {
    let mut decoder = Decoder::new(body)?;
    let mut counts = Vec::new();
    while let Some(entry) = decoder.next()? {
        if let Entry::Request(request) = entry
            && request.at_us >= since_us
        {
            counts.push((request.outcome, request.stands_for));
        }
    }
    Ok(counts)
}
