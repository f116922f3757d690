//! What each master key was when the database last saw it. The key file may be ahead of this, never behind.

use clock::Timestamp;
use diesel::prelude::*;
use ids::KeyId;
use key_ring::{KeyRing, KeyState};
use store::Connection as Link;

use crate::directory::Directory;
use crate::error::Result;

diesel::table! {
    /// Of the migration `0011_key_states`.
    key_states (key_id) {
        key_id -> BigInt,
        state -> Text,
        since_us -> BigInt,
    }
}

/// What a master key was when the database last saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNote {
    /// The key.
    pub key: KeyId,
    /// What it was.
    pub state: KeyState,
    /// When it was first seen so.
    pub since: Timestamp,
}

impl Directory {
    /// What each key was when [`Self::key_states_note`] last saw it, in order of their ids.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn key_states(&self) -> Result<Vec<KeyNote>> {
        let mut link = self.0.database.connect().await?;
        Ok(noted(&mut link).await?)
    }

    /// Notes what each key of the ring is now. A key that is what it was keeps its time.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn key_states_note(&self, ring: &KeyRing) -> Result<()> {
        let states: Vec<_> = ring.states().collect();
        let now = self.0.clock.now();
        let mut link = self.0.database.connect().await?;
        link.transaction(async |link| {
            let known = noted(link).await?;
            for (key, state) in states {
                let before = known.iter().find(|note| note.key == key);
                if before.is_none_or(|before| before.state != state) {
                    note(
                        link,
                        KeyNote {
                            key,
                            state,
                            since: now,
                        },
                    )
                    .await?;
                }
            }
            Ok(())
        })
        .await
    }
}

async fn noted(link: &mut Link) -> store::Result<Vec<KeyNote>> {
    let all = key_states::table.order(key_states::key_id).select((
        key_states::key_id,
        key_states::state,
        key_states::since_us,
    ));
    let rows: Vec<(KeyId, String, i64)> = link.fetch(all).await?;
    let read = |(key, state, since_us): (KeyId, String, i64)| KeyNote {
        key,
        state: match state.as_str() {
            "primary" => KeyState::Primary,
            "retired" => KeyState::Retired,
            // The table allows three.
            _ => KeyState::Open,
        },
        since: Timestamp::from_unix_us(since_us),
    };
    Ok(rows.into_iter().map(read).collect())
}

async fn note(link: &mut Link, note: KeyNote) -> store::Result<()> {
    link.run(diesel::delete(key_states::table.find(note.key)))
        .await?;
    let columns = (
        key_states::key_id.eq(note.key),
        key_states::state.eq(note.state.to_string()),
        key_states::since_us.eq(note.since.unix_us()),
    );
    let added = link
        .run(diesel::insert_into(key_states::table).values(columns))
        .await?;
    store::ensure_touched(added, 1)
}
