/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the request log could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log was closed, so nothing more is written.
    #[error("the request log is closed")]
    Closed,
    /// A segment is not what was written.
    #[error("segment {segment} of the request log is damaged: {why}")]
    DamagedSegment {
        /// Its number.
        segment: i64,
        /// What does not fit.
        why: &'static str,
    },
    /// A segment was written by a version that packs records in another way.
    #[error(
        "segment {segment} of the request log has format {format}, which this version cannot read"
    )]
    NewerSegment {
        /// Its number.
        segment: i64,
        /// Its format.
        format: u8,
    },
    /// The database failed.
    #[error("the request log's database failed")]
    Store(#[from] store::Error),
    /// The thread that writes could not be started.
    #[error("the request log's thread could not be started")]
    Thread(#[source] std::io::Error),
}
