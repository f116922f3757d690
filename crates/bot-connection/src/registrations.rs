//! Whose registration was changed, for those who watch.

use ids::ConnectionId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Hears whose registration was changed; see [`BotConnections::registrations`](crate::BotConnections::registrations).
#[derive(Debug)]
pub struct Registrations(broadcast::Receiver<ConnectionId>);

impl Registrations {
    /// The next one; nothing when nobody is there any more who could change one.
    pub async fn recv(&mut self) -> Option<ConnectionId> {
        loop {
            match self.0.recv().await {
                Ok(connection) => return Some(connection),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// Tells whose registration was changed.
#[derive(Clone)]
pub(crate) struct Announcer(broadcast::Sender<ConnectionId>);

impl Announcer {
    pub(crate) fn tell(&self, connection: &ConnectionId) {
        // Nobody has to listen.
        let _ = self.0.send(connection.clone());
    }

    pub(crate) fn listen(&self) -> Registrations {
        Registrations(self.0.subscribe())
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

/// For a listener who is slow: as many as are connected in bulk in four minutes.
const KEPT: usize = 64;
