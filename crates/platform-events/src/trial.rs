//! Trying an endpoint out.

use ids::EndpointId;

use crate::addressee::Addressee;
use crate::error::{Error, Result};
use crate::event;
use crate::platform_events::PlatformEvents;
use crate::send::{Message, send};

/// What an endpoint answered to a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Why this would have been no delivery, in a sentence; none when all was well.
    pub failure: Option<String>,
    /// How the answer began that was no acceptance: at most 200 bytes on one line.
    pub answer: Option<String>,
}

impl PlatformEvents {
    /// Sends an endpoint an event of the type `endpoint.test`, signed as any, and waits for the answer. It is about no bot and no
    /// project, is not kept, not tried again, and counts for nothing. The endpoint need not be on.
    ///
    /// # Errors
    /// [`Error::NoSuchEndpoint`], [`Error::Store`].
    pub async fn endpoint_test(&self, id: &EndpointId) -> Result<Trial> {
        let inner = &*self.0;
        // Never closed, so there is always a place in the end.
        let _place = inner.trials.acquire().await;
        let mut link = inner.database.connect().await?;
        let to = Addressee::find(&mut link, id).await?;
        drop(link);
        let to = to.ok_or(Error::NoSuchEndpoint)?;
        let event_id = inner.event_id();
        let message = Message {
            body: event::trial(&event_id, inner.clock.now(), id).into(),
            id: event_id,
            kind: event::TRIAL.into(),
        };
        let outcome = send(inner, &to, &message).await;
        Ok(Trial {
            status: outcome.status,
            took_ms: outcome.took.as_millis() as u64,
            failure: outcome.failure,
            answer: outcome.answer,
        })
    }
}
