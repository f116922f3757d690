use ids::EndpointId;
use outbound_http::Refusal;

/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the events could not do what they were asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A stored endpoint is not as this software writes it.
    #[error("the record of {endpoint} is damaged: its {column} cannot be read")]
    Damaged {
        /// Whose record it is.
        endpoint: EndpointId,
        /// The column.
        column: &'static str,
    },
    /// A description of more than 200 characters, or with a control character in it.
    #[error(
        "the description is too long, or has control characters in it: give at most 200 characters on one line"
    )]
    LongDescription,
    /// There is no such delivery, or not any more.
    #[error("there is no such delivery")]
    NoSuchDelivery,
    /// There is no such endpoint, or not any more.
    #[error("there is no such endpoint")]
    NoSuchEndpoint,
    /// Only a dead delivery can be replayed.
    #[error("the delivery is not dead, so it cannot be replayed")]
    NotDead,
    /// The address is none that is called from here.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error("the database of events failed")]
    Store(#[from] store::Error),
    /// There are 16 endpoints.
    #[error("there are 16 endpoints already: delete one first")]
    TooManyEndpoints,
}
