use ids::{ConnectionId, KeyId, ProjectId};
use key_ring::KeyState;
use serde::{Serialize, Serializer};

use crate::error::Result;
use crate::key_rotation::{Inner, KeyRotation};
use crate::step::Step;
use crate::uses::KeyUses;

/// How far a rotation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Every key, retired ones too, in order of their ids.
    pub keys: Vec<KeyStatus>,
    /// What is to be done next.
    pub next: Step,
}

/// A key, and what refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyStatus {
    /// The key.
    pub key: KeyId,
    /// What it is.
    #[serde(serialize_with = "as_text")]
    pub state: KeyState,
    /// Since when, in microseconds since 1970; None for what nobody has had read yet.
    pub since_us: Option<i64>,
    /// Whether every live process opens what is sealed under it. Nobody does when it is retired.
    pub known: bool,
    /// What refers to it.
    pub uses: KeyUses,
    /// Of a key that was replaced: some of the bots whose current webhook follows from it, 20 at most. Those that stay are bots whose
    /// token is dead or whose webhook somebody else has set or removed; give them a new token, or disconnect them.
    pub held_by: Vec<Holder>,
}

/// A bot whose webhook follows from a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its connection.
    pub connection: ConnectionId,
    /// Whose bot it is.
    pub project: ProjectId,
}

impl KeyRotation {
    /// Every key as it is kept now, what refers to it, and what is to be done next.
    ///
    /// # Errors
    /// [`Error::Ring`](crate::Error::Ring), [`Error::Directory`](crate::Error::Directory), and those of [`Self::start`].
    pub async fn status(&self) -> Result<Status> {
        let inner = &*self.0;
        // What is kept and what is noted must be of one moment.
        let _turn = inner.turn.lock().await;
        let kept = inner.kept().await?;
        let notes = inner.parts.directory.key_states().await?;
        let uses = inner.uses().await?;
        let mut keys = Vec::new();
        for (key, state) in kept.states() {
            let note = notes
                .iter()
                .find(|note| (note.key, note.state) == (key, state));
            let uses = uses.get(&key).copied().unwrap_or_default();
            keys.push(KeyStatus {
                key,
                state,
                since_us: note.map(|note| note.since.unix_us()),
                known: inner.is_known(&kept, key),
                uses,
                held_by: match state {
                    KeyState::Open if uses.registrations > 0 => inner.holders(key).await?,
                    _ => Vec::new(),
                },
            });
        }
        let next = next(&keys);
        Ok(Status { keys, next })
    }
}

impl Inner {
    async fn holders(&self, key: KeyId) -> Result<Vec<Holder>> {
        let directory = &self.parts.directory;
        let some = directory.connections_registered_with(key, HOLDERS).await?;
        let shown = |(connection, project)| Holder {
            connection,
            project,
        };
        Ok(some.into_iter().map(shown).collect())
    }
}

/// What follows from the state of all keys. A key that was replaced goes before another is promoted.
fn next(keys: &[KeyStatus]) -> Step {
    let unknown = |key: &&KeyStatus| key.state != KeyState::Retired && !key.known;
    if let Some(unknown) = keys.iter().find(unknown) {
        return Step::Reload { key: unknown.key };
    }
    let primary = keys.iter().find(|key| key.state == KeyState::Primary);
    let primary = primary.map(|key| key.key);
    let (replaced, waiting): (Vec<_>, Vec<_>) = keys
        .iter()
        .filter(|key| key.state == KeyState::Open)
        .partition(|key| Some(key.key) < primary);
    let sealed = replaced.iter().map(|key| key.uses.sealed()).sum();
    if sealed > 0 {
        return Step::Rewrap { sealed };
    }
    if let Some(free) = replaced.iter().find(|key| key.uses.total() == 0) {
        return Step::Retire { key: free.key };
    }
    let registrations = replaced.iter().map(|key| key.uses.total()).sum();
    if registrations > 0 {
        return Step::Wait { registrations };
    }
    match waiting.first() {
        Some(waiting) => Step::Promote { key: waiting.key },
        None => Step::Nothing,
    }
}

fn as_text<S: Serializer>(state: &KeyState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(state)
}

const HOLDERS: u32 = 20;
