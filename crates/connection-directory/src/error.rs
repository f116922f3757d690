use ids::{ConnectionId, KeyId};

/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the directory could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another connection, not disconnected, has the bot.
    #[error("this bot is connected already")]
    BotTaken,
    /// A stored record is not as this software writes it.
    #[error("the record of {connection} is damaged: its {column} cannot be read")]
    Damaged {
        /// Whose record it is.
        connection: ConnectionId,
        /// The column.
        column: &'static str,
    },
    /// A write's task was ended with the runtime; whether it was done, the database knows.
    #[error("the process is stopping, so the write may not have been done")]
    Interrupted,
    /// Records refer to a master key that the ring does not have.
    #[error(
        "{references} records of this database need master key {key}, which the key file does not hold; \
         start with the key file that has it"
    )]
    MissingMasterKey {
        /// The key.
        key: KeyId,
        /// How many sealed tokens and webhooks refer to it.
        references: u64,
    },
    /// The ring's key is not the one that this database knows under that id.
    #[error(
        "master key {0} is another one than this database was written with; start with the key file that belongs to it"
    )]
    OtherMasterKey(KeyId),
    /// The project has another connection that is not disconnected.
    #[error("this project has a bot already")]
    ProjectTaken,
    /// The database failed.
    #[error("the directory's database failed")]
    Store(#[from] store::Error),
}
