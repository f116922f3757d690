//! What became of updates in segments after those of their requests.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use store::Connection;

use crate::bits::{Quick, short_key, update_key};
use crate::decode::{Decoder, Entry};
use crate::error::Result;
use crate::fault::Fault;
use crate::logged::Found;
use crate::table::{self, request_followups, request_strays};

/// Tells the rows of a page what became of them in other segments than their own.
pub(crate) async fn follow(connection: &mut Connection, page: &mut [Found]) -> Result<()> {
    let later = later(connection, page).await?;
    let rows = by_update(page);
    for segment in later {
        if let Some(body) = table::body(connection, segment).await? {
            tell(segment, &body, &rows, page).map_err(|fault| fault.of(segment))?;
        }
    }
    Ok(())
}

/// The segments that have something to say.
async fn later(connection: &mut Connection, page: &[Found]) -> store::Result<BTreeSet<i64>> {
    let updates = |found: &Found| Some((found.segment, found.update?));
    let keys: Vec<(i64, u64)> = page
        .iter()
        .filter_map(updates)
        .map(|(segment, (connection, update_id))| (segment, update_key(connection, update_id)))
        .collect();
    let mut later = followups(connection, &keys).await?;
    for some in keys.chunks(ASKED_AT_ONCE) {
        let keys: Vec<i64> = some.iter().map(|(_, key)| *key as i64).collect();
        let query = request_strays::table
            .filter(request_strays::key.eq_any(keys))
            .select(request_strays::segment);
        let strays: Vec<i64> = connection.fetch(query).await?;
        later.extend(strays);
    }
    Ok(later)
}

/// The segments that settle updates of segments before, by the updates' segments and keys.
async fn followups(
    connection: &mut Connection,
    keys: &[(i64, u64)],
) -> store::Result<BTreeSet<i64>> {
    let wanted: BTreeSet<(i64, [u8; 4])> = keys
        .iter()
        .map(|(segment, key)| (*segment, short_key(*key)))
        .collect();
    let segments: BTreeSet<i64> = keys.iter().map(|(segment, _)| *segment).collect();
    let segments: Vec<i64> = segments.into_iter().collect();
    let mut later = BTreeSet::new();
    for some in segments.chunks(ASKED_AT_ONCE) {
        let query = request_followups::table
            .filter(request_followups::segment.eq_any(some.to_vec()))
            .select((
                request_followups::segment,
                request_followups::later,
                request_followups::keys,
            ));
        let followups: Vec<(i64, i64, Vec<u8>)> = connection.fetch(query).await?;
        let heard = followups.into_iter().filter(|(segment, _, keys)| {
            let (keys, _) = keys.as_chunks();
            keys.iter().any(|key| wanted.contains(&(*segment, *key)))
        });
        later.extend(heard.map(|(_, later, _)| later));
    }
    Ok(later)
}

type Rows = HashMap<(u128, i64), Vec<usize>, Quick>;

fn by_update(page: &[Found]) -> Rows {
    let mut rows = Rows::default();
    for (number, found) in page.iter().enumerate() {
        if let Some(update) = found.update {
            rows.entry(update).or_default().push(number);
        }
    }
    rows
}

fn tell(segment: i64, body: &[u8], rows: &Rows, page: &mut [Found]) -> Result<(), Fault> {
    let mut decoder = Decoder::new(body)?;
    while let Some(entry) = decoder.next()? {
        let Entry::Update(update) = entry else {
            continue;
        };
        for number in rows
            .get(&(update.connection, update.update_id))
            .into_iter()
            .flatten()
        {
            page[*number].hear(segment, &update);
        }
    }
    Ok(())
}

/// Keys in one question: SQLite binds at most 32,766 values.
const ASKED_AT_ONCE: usize = 1_000;
