//! What a handler remembers of a lane from one update to the next.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::LaneKey;
use crate::recall::unreadable;
use crate::router::extract::{FromIncoming, Rejection};
use crate::router::left::{Left, put};
use crate::router::request::{Request, RouteInfo};
use crate::session::{ReadSessions, SessionChange, StoredSession};
use crate::stage::StageError;

/// What a handler remembers of a lane (a chat, as a rule) from one update to the next; [`Default`] where there is nothing.
///
/// Change it as the `T` that it is. What the handler leaves in it when it answers is saved in the commit that finishes the
/// update, so it survives a restart and no change is made twice; what a failed attempt left is not seen by the next. An
/// unchanged session costs nothing to leave behind.
///
/// A router has one session for each lane; a router that is put into another ([`crate::Router::nest`]) has its own.
/// [`crate::Router::session_limits`] says how long one is kept and how large it may be. A handler takes one, and is done
/// with it when it answers: a change by a task that goes on is refused.
///
/// It is kept as JSON. When `T` changes, `#[serde(default)]` and its kin read what an older `T` wrote. What cannot be read
/// counts as [`Default`] with a warning in the log, and stays stored until a handler changes or clears the session.
pub struct Session<T> {
    value: T,
    held: Held,
    encode: fn(&T) -> serde_json::Result<Vec<u8>>,
    touched: Touched,
}

#[derive(PartialEq, Eq)]
enum Touched {
    No,
    Changed,
    Cleared,
}

/// Where it came from, and where it goes.
struct Held {
    lane: LaneKey,
    route: Arc<RouteInfo>,
    source: Option<Arc<dyn ReadSessions>>,
    found: Option<StoredSession>,
    left: Left,
}

impl<T: Default> Session<T> {
    /// Forgets it: it is [`Default`] again, and deleted unless the handler changes it after this.
    pub fn clear(&mut self) {
        self.value = T::default();
        self.touched = Touched::Cleared;
    }
}

impl<T> Session<T> {
    /// Whether there was none for this lane, or it had expired.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.held.found.is_none()
    }

    fn change(&self) -> Result<Option<SessionChange>, StageError> {
        match self.touched {
            Touched::No => Ok(self.held.keep()),
            Touched::Cleared => Ok(self.held.delete()),
            Touched::Changed => {
                let data = (self.encode)(&self.value)?;
                self.held.replace(data)
            }
        }
    }
}

impl Held {
    async fn find(request: &Request) -> Result<Self, StageError> {
        let left = request.slot.open()?;
        let (incoming, route) = (&request.incoming, &request.route);
        let (lane, source) = (incoming.lane_key(), incoming.sessions.clone());
        let mut found = None;
        if let Some(source) = &source {
            let now = source.now();
            let read = source.read(&lane, &route.session).await;
            found = read.map_err(unreadable)?;
            found = found.filter(|found| found.expires_at > now);
        }
        Ok(Self {
            lane,
            route: Arc::clone(route),
            source,
            found,
            left,
        })
    }

    fn read<T: DeserializeOwned + Default>(&self) -> T {
        let Some(found) = &self.found else {
            return T::default();
        };
        serde_json::from_slice(&found.data).unwrap_or_else(|error| {
            tracing::warn!(
                connection = %self.lane.connection, lane = %self.lane.lane, session = %self.route.session,
                line = error.line(), column = error.column(), "session cannot be read; a new one begins"
            );
            T::default()
        })
    }

    /// It was read: that is written down when a tenth of its time has passed.
    fn keep(&self) -> Option<SessionChange> {
        let (found, source) = (self.found.as_ref()?, self.source.as_ref()?);
        let keep_for = self.route.limits.keep_for;
        let left = found.expires_at.since(source.now());
        (left < keep_for - keep_for / 10).then(|| self.becomes(Some(found.data.clone())))
    }

    fn delete(&self) -> Option<SessionChange> {
        self.found.as_ref().map(|_| self.becomes(None))
    }

    fn replace(&self, data: Vec<u8>) -> Result<Option<SessionChange>, StageError> {
        let limit = self.route.limits.max_bytes;
        if data.len() > limit {
            let (name, bytes) = (&self.route.session, data.len());
            return Err(StageError::fatal(format!(
                "the session of {name} has {bytes} bytes, and {limit} are allowed"
            )));
        }
        if self.found.as_ref().is_some_and(|found| found.data == data) {
            return Ok(self.keep());
        }
        Ok(Some(self.becomes(Some(Bytes::from(data)))))
    }

    fn becomes(&self, data: Option<Bytes>) -> SessionChange {
        let now = self.source.as_ref().map(|source| source.now());
        let now = now.unwrap_or(clock::Timestamp::from_unix_us(0));
        SessionChange {
            lane: self.lane.clone(),
            name: Arc::clone(&self.route.session),
            was: self.found.as_ref().map(|found| found.data.clone()),
            becomes: data.map(|data| StoredSession {
                data,
                expires_at: now + self.route.limits.keep_for,
            }),
        }
    }
}

impl<T> Deref for Session<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Session<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.touched = Touched::Changed;
        &mut self.value
    }
}

impl<T> Drop for Session<T> {
    fn drop(&mut self) {
        // What a panic left half done is not worth encoding.
        if !std::thread::panicking()
            && let Some(change) = self.change().transpose()
        {
            *put(&self.held.left) = Some(change);
        }
    }
}

impl<S, T> FromIncoming<S> for Session<T>
where
    S: Sync,
    T: Serialize + DeserializeOwned + Default + Send,
{
    async fn from_incoming(request: &Request, _: &S) -> Result<Self, Rejection> {
        let held = Held::find(request).await.map_err(Rejection::Failed)?;
        Ok(Self {
            value: held.read(),
            held,
            encode: |value| serde_json::to_vec(value),
            touched: Touched::No,
        })
    }
}

/// Without what it holds: it is about somebody.
impl<T> std::fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("name", &self.held.route.session)
            .finish_non_exhaustive()
    }
}
