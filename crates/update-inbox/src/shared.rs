//! What the inbox, its thread, its feeder and its journal have in common.

use std::collections::BTreeSet;
use std::sync::Mutex;

use clock::Clock;
use ids::ConnectionId;
use store::Database;

use crate::config::InboxConfig;
use crate::feed::Feed;
use crate::intake::Intake;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) config: InboxConfig,
    pub(crate) database: Database,
    pub(crate) feed: Feed,
    pub(crate) intake: Intake,
    pub(crate) paused: Mutex<BTreeSet<ConnectionId>>,
}
