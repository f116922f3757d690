use ids::ProjectId;

/// Why health could not be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A stored row is not as this software writes it.
    #[error("the health record of a connection is damaged: its {column} cannot be read")]
    Damaged {
        /// The column.
        column: &'static str,
    },
    /// The connection's record could not be read.
    #[error("the connection's record could not be read")]
    Directory(#[from] connection_directory::Error),
    /// Telegram could not be asked for another reason than being out of reach.
    #[error("the connection could not be inspected")]
    Inspection(#[source] bot_connection::Error),
    /// The project never had a bot.
    #[error("project {0} has no bot")]
    NotFound(ProjectId),
    /// The database failed.
    #[error("the health records' database failed")]
    Store(#[from] store::Error),
}

/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
