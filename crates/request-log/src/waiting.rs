//! Records as they wait to be written: small, and without memory of their own that another thread would have to free.

use std::net::IpAddr;

use clock::Timestamp;
use ids::ProjectId;

use crate::bits;
use crate::kind::KindName;
use crate::outcome::Outcome;
use crate::record::{Became, RequestRecord, UpdateRecord};

/// A [`RequestRecord`].
#[derive(Clone, Debug)]
pub(crate) struct WaitingRequest {
    pub(crate) request: u128,
    /// Means nothing unless `has_connection`: an `Option` would take 16 bytes more.
    connection: u128,
    pub(crate) project: Option<ProjectId>,
    pub(crate) at_us: i64,
    pub(crate) bytes: u64,
    /// Means nothing unless `has_update`.
    update_id: i64,
    pub(crate) read_us: u32,
    pub(crate) store_us: u32,
    pub(crate) total_us: u32,
    pub(crate) status: u16,
    pub(crate) outcome: Outcome,
    /// Whether the sender has proved to be Telegram. Others' requests may be folded, so that they cannot own the disk.
    pub(crate) proved: bool,
    has_connection: bool,
    has_update: bool,
    pub(crate) kind: Option<KindName>,
    pub(crate) remote: IpAddr,
}

/// An [`UpdateRecord`].
#[derive(Clone, Debug)]
pub(crate) struct WaitingUpdate {
    pub(crate) connection: u128,
    pub(crate) update_id: i64,
    pub(crate) at_us: i64,
    pub(crate) what: Became,
    pub(crate) handler_us: u32,
}

impl WaitingRequest {
    pub(crate) fn of(record: RequestRecord) -> Self {
        let connection = record.connection.as_ref();
        Self {
            request: bits::of_ulid(record.request_id.as_str()),
            connection: connection.map_or(0, |id| bits::of_ulid(id.as_str())),
            has_connection: connection.is_some(),
            proved: record.proved,
            project: record.project,
            at_us: record.at.unix_us(),
            bytes: record.bytes,
            update_id: record.update_id.unwrap_or_default(),
            has_update: record.update_id.is_some(),
            read_us: span(record.read_us),
            store_us: span(record.store_us),
            total_us: span(record.total_us),
            status: record.status,
            outcome: record.outcome,
            kind: record.kind,
            remote: record.remote,
        }
    }

    /// The record it was made of, with spans cut where [`span`] cut them.
    pub(crate) fn into_record(self) -> RequestRecord {
        RequestRecord {
            at: Timestamp::from_unix_us(self.at_us),
            request_id: bits::request(self.request),
            connection: self.connection().map(bits::connection),
            update_id: self.update_id(),
            project: self.project,
            proved: self.proved,
            remote: self.remote,
            outcome: self.outcome,
            status: self.status,
            bytes: self.bytes,
            kind: self.kind,
            read_us: self.read_us.into(),
            store_us: self.store_us.into(),
            total_us: self.total_us.into(),
        }
    }

    pub(crate) fn connection(&self) -> Option<u128> {
        self.has_connection.then_some(self.connection)
    }

    pub(crate) fn update_id(&self) -> Option<i64> {
        self.has_update.then_some(self.update_id)
    }
}

impl WaitingUpdate {
    pub(crate) fn of(record: UpdateRecord) -> Self {
        Self {
            connection: bits::of_ulid(record.connection.as_str()),
            update_id: record.update_id,
            at_us: record.at.unix_us(),
            what: record.what,
            handler_us: span(record.handler_us),
        }
    }

    /// The record it was made of.
    pub(crate) fn into_record(self) -> UpdateRecord {
        UpdateRecord {
            connection: bits::connection(self.connection),
            update_id: self.update_id,
            at: Timestamp::from_unix_us(self.at_us),
            what: self.what,
            handler_us: self.handler_us.into(),
        }
    }
}

/// Everything that is measured ends within minutes; the number is full after 71.
fn span(us: u64) -> u32 {
    u32::try_from(us).unwrap_or(u32::MAX)
}

/// Thousands may wait.
const _: () = assert!(size_of::<WaitingRequest>() <= 144 && size_of::<WaitingUpdate>() <= 64);
