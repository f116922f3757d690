use std::time::Duration;

/// How much the inbox holds and how it writes. [`Default`] suits one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxConfig {
    /// At most so many updates and unreadable requests wait to be written; more are refused.
    pub waiting: usize,
    /// At most so many bytes of bodies wait to be written; more are refused. One body always may.
    pub waiting_bytes: usize,
    /// At most so many updates in one commit; 2,000 is the most that SQLite can bind.
    pub commit_rows: usize,
    /// At most so many bytes of bodies in one commit.
    pub commit_bytes: usize,
    /// What the dispatcher tells rides in the next commit, but waits for one no longer than this.
    pub settle_within: Duration,
    /// When SQLite's write-ahead log has so many pages it is moved into the file, even if the inbox is busy.
    pub checkpoint_pages: u32,
    /// Updates that are read from the database at once.
    pub page: i64,
    /// Blocks of 1,024 update ids that are remembered in memory: 60 to 120 bytes each with up to seven ids, 130 more with many. Those
    /// that wait to be written come on top, and are let go by the next [`expire`](crate::Inbox::expire) after that.
    pub remembered_blocks: usize,
    /// How long dead letters and unreadable requests are kept, each from when it became one.
    pub keep_failed: Duration,
    /// At most so many unreadable requests are kept; the oldest go first.
    pub unreadable: usize,
    /// At most so many bytes of unreadable requests are kept; the oldest go first.
    pub unreadable_bytes: usize,
}

impl Default for InboxConfig {
    fn default() -> Self {
        Self {
            waiting: 8_192,
            waiting_bytes: 64 << 20,
            commit_rows: 512,
            commit_bytes: 8 << 20,
            settle_within: Duration::from_millis(20),
            checkpoint_pages: 4_000,
            page: 1_024,
            remembered_blocks: 16_384,
            keep_failed: Duration::from_secs(30 * 24 * 3_600),
            unreadable: 10_000,
            unreadable_bytes: 64 << 20,
        }
    }
}
