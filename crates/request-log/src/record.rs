use std::net::IpAddr;

use clock::Timestamp;
use ids::{ConnectionId, ProjectId, RequestId};

use crate::kind::KindName;
use crate::outcome::Outcome;

/// One request to the webhook endpoint. It holds nothing that the sender could size, and nothing of the body.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// When it began.
    pub at: Timestamp,
    /// Names the request, in logs and traces too.
    pub request_id: RequestId,
    /// The connection, once the path has told it.
    pub connection: Option<ConnectionId>,
    /// The connection's project.
    pub project: Option<ProjectId>,
    /// Whether the sender has proved to be Telegram. Others' requests may share a row, so that they cannot own the disk.
    pub proved: bool,
    /// Who sent it.
    pub remote: IpAddr,
    /// How it ended.
    pub outcome: Outcome,
    /// The status it was answered with; 0 when there was nobody left to answer.
    pub status: u16,
    /// The length of its body, as far as it was read or claimed.
    pub bytes: u64,
    /// The update's number, once it is known.
    pub update_id: Option<i64>,
    /// What the update is about, once it is known.
    pub kind: Option<KindName>,
    /// Microseconds until its body was read.
    pub read_us: u64,
    /// Microseconds that storing it took.
    pub store_us: u64,
    /// Microseconds from its beginning to its answer.
    pub total_us: u64,
}

/// What became of an accepted update, told later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateRecord {
    /// The connection it came by.
    pub connection: ConnectionId,
    /// The update's number.
    pub update_id: i64,
    /// When it was settled.
    pub at: Timestamp,
    /// How.
    pub what: Became,
    /// Microseconds that handling it took.
    pub handler_us: u64,
}

/// How an accepted update was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// Handled, and nothing had to be said.
    Handled,
    /// Handled, with so many Bot API calls.
    Replied {
        /// The calls.
        calls: u32,
    },
    /// Its handling failed for good.
    Dead {
        /// Why, in a sentence of ours. Cut after 240 bytes.
        reason: String,
    },
}
