//! A row of the log, as it is read.

use clock::Timestamp;
use ids::{ConnectionId, ProjectId, RequestId};

use crate::bits;
use crate::decode::{Request, Update};
use crate::fault::Fault;
use crate::kind::KindName;
use crate::outcome::Outcome;
use crate::record::UpdateRecord;

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// When it began; of several requests the first.
    pub at: Timestamp,
    /// The request's name; none for a row that stands for several.
    pub request_id: Option<RequestId>,
    /// The connection it was for, as far as that is known.
    pub connection: Option<ConnectionId>,
    /// The connection's project.
    pub project: Option<ProjectId>,
    /// The sender's address, or a prefix of it.
    pub remote: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The status it was answered with; 0 when there was nobody left to answer.
    pub status: u16,
    /// The length of the body.
    pub bytes: u64,
    /// The update's number.
    pub update_id: Option<i64>,
    /// What the update is about.
    pub kind: Option<String>,
    /// Microseconds until the body was read.
    pub read_us: u64,
    /// Microseconds that storing it took.
    pub store_us: u64,
    /// Microseconds from its beginning to its answer.
    pub total_us: u64,
    /// How many requests this row stands for.
    pub stands_for: u64,
    /// What became of the update since, the last word of it; of accepted updates only.
    pub became: Option<UpdateRecord>,
}

/// A row, and where it and its last word lie.
pub(crate) struct Found {
    pub(crate) segment: i64,
    pub(crate) position: u32,
    /// The connection and the number of its update, if something may become of that.
    pub(crate) update: Option<(u128, i64)>,
    /// Where what became of it lies.
    word: Option<(i64, u32)>,
    pub(crate) request: LoggedRequest,
}

impl Found {
    pub(crate) fn new(segment: i64, request: &Request<'_>) -> Result<Self, Fault> {
        let update = request.connection.zip(request.update_id);
        Ok(Self {
            segment,
            position: request.position,
            update: update.filter(|_| request.outcome == Outcome::Accepted),
            word: None,
            request: LoggedRequest::of(request)?,
        })
    }

    /// Takes a word on what became of it, unless a later one is known.
    pub(crate) fn hear(&mut self, segment: i64, update: &Update<'_>) {
        let word = Some((segment, update.position));
        if self.word <= word {
            self.word = word;
            self.request.became = Some(update.record());
        }
    }
}

impl LoggedRequest {
    fn of(request: &Request<'_>) -> Result<Self, Fault> {
        Ok(Self {
            at: Timestamp::from_unix_us(request.at_us),
            request_id: request.request.map(bits::request),
            connection: request.connection.map(bits::connection),
            project: request.project()?,
            remote: request.remote.text(),
            outcome: request.outcome,
            status: request.status,
            bytes: request.bytes,
            update_id: request.update_id,
            kind: request.kind.as_ref().map(KindName::as_str).map(Into::into),
            read_us: request.read_us,
            store_us: request.store_us,
            total_us: request.total_us,
            stands_for: request.stands_for,
            became: None,
        })
    }
}
