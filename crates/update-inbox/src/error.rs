/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the inbox could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The inbox is closed, or being closed: what waits is on disk, for the next process.
    #[error("the inbox is closed")]
    Closed,
    /// The database failed.
    #[error("the inbox cannot read its database")]
    Store(#[from] store::Error),
    /// The writer's thread could not be started.
    #[error("the inbox cannot start its thread")]
    Thread(#[source] std::io::Error),
    /// Nothing can be written now, or the inbox is closed. The cause is in the log.
    #[error("the inbox cannot write to its database")]
    Unavailable,
}
