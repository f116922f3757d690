//! What the server's databases hold, read beside it: the check that asks nobody.

use std::path::Path;

use anyhow::Result;
use clock::{Clock, Timestamp};
use diesel::dsl::count_star;
use diesel::prelude::*;
use request_log::RequestLog;
use store::{Database, DatabaseUrl};

diesel::table! {
    inbox_pending (seq) {
        seq -> BigInt,
    }
}

diesel::table! {
    inbox_batches (first_seq) {
        first_seq -> BigInt,
        updates -> Integer,
    }
}

diesel::table! {
    inbox_done (first_seq) {
        first_seq -> BigInt,
        done -> Binary,
    }
}

diesel::table! {
    request_segments (segment) {
        segment -> BigInt,
        entries -> BigInt,
    }
}

/// The database of a data directory that holds the inbox.
pub(crate) struct Books(Database);

impl Books {
    pub(crate) async fn open(data: &Path) -> Result<Self> {
        let url = DatabaseUrl::of_sqlite_file(data.join("memberpass.db"));
        Ok(Self(Database::open(&url, 1).await?))
    }

    /// Updates that were acknowledged and are not finished.
    pub(crate) async fn pending(&self) -> Result<u64> {
        let mut link = self.0.connect().await?;
        let rows: i64 = link
            .fetch_one(inbox_pending::table.select(count_star()))
            .await?;
        let batches: Vec<i32> = link
            .fetch(inbox_batches::table.select(inbox_batches::updates))
            .await?;
        let done: Vec<Vec<u8>> = link
            .fetch(inbox_done::table.select(inbox_done::done))
            .await?;
        let packed: i64 = batches.into_iter().map(i64::from).sum();
        let done: u32 = done.iter().flatten().map(|byte| byte.count_ones()).sum();
        Ok(u64::try_from(rows + packed - i64::from(done))?)
    }
}

/// What a server that has ended left in its request log.
pub(crate) struct Requests {
    /// Records.
    pub(crate) entries: u64,
    /// Requests that they stand for.
    pub(crate) requests: u64,
}

impl Requests {
    pub(crate) async fn read(data: &Path) -> Result<Self> {
        let url = DatabaseUrl::of_sqlite_file(data.join("requests.db"));
        let database = Database::open(&url, 2).await?;
        let entries = request_segments::table.select(request_segments::entries);
        let entries: Vec<i64> = database.connect().await?.fetch(entries).await?;
        let log =
            RequestLog::start(database, request_log::Config::default(), Clock::system()).await?;
        let outcomes = log
            .counts_by_outcome(Timestamp::from_unix_seconds(0))
            .await?;
        log.close().await;
        Ok(Self {
            entries: u64::try_from(entries.iter().sum::<i64>())?,
            requests: outcomes.iter().map(|(_, count)| count).sum(),
        })
    }
}
