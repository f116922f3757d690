use std::collections::BTreeMap;
use std::fmt;

use clock::Entropy;
use ids::KeyId;

use crate::error::{Error, Result};
use crate::material::{DerivedKey, MasterKey, Purpose};

/// Master keys with ids: one that new secrets are made with, and others that only open what they once sealed.
///
/// A ring does not change. Adding, promoting and retiring answer a new ring, so that a caller can write it down
/// before it is used.
#[derive(Clone)]
pub struct KeyRing {
    pub(crate) primary: (KeyId, MasterKey),
    // Never holds the primary's id.
    pub(crate) others: BTreeMap<KeyId, Secondary>,
}

#[derive(Clone)]
pub(crate) enum Secondary {
    Open(MasterKey),
    /// The material is gone; the id is remembered, so that it never comes to name another key.
    Retired,
}

/// What a key of the ring is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// New secrets are made with it.
    Primary,
    /// It opens what was sealed with it, and nothing new is made with it.
    Open,
    /// Its material is gone.
    Retired,
}

impl KeyRing {
    /// A ring of one new random key. Ids count from 1.
    #[must_use]
    pub fn generate(id: KeyId, entropy: &Entropy) -> Self {
        Self::new(id, MasterKey::generate(entropy))
    }

    /// A ring of one key. Ids count from 1.
    #[must_use]
    pub fn new(id: KeyId, key: MasterKey) -> Self {
        Self {
            primary: (id, key),
            others: BTreeMap::new(),
        }
    }

    /// The key that new secrets are made with.
    #[must_use]
    pub fn primary(&self) -> KeyId {
        self.primary.0
    }

    /// The keys that can be used, in order of their ids. Retired ones are not among them.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.states()
            .filter(|(_, state)| *state != KeyState::Retired)
            .map(|(id, _)| id)
    }

    /// Every key with its state, retired ones too, in order of their ids.
    pub fn states(&self) -> impl Iterator<Item = (KeyId, KeyState)> {
        let mut states: Vec<_> = self
            .others
            .iter()
            .map(|(id, key)| match key {
                Secondary::Open(_) => (*id, KeyState::Open),
                Secondary::Retired => (*id, KeyState::Retired),
            })
            .chain([(self.primary(), KeyState::Primary)])
            .collect();
        states.sort_unstable_by_key(|(id, _)| *id);
        states.into_iter()
    }

    /// The key for one purpose, by HKDF-SHA256 with the label [`Purpose::label`]. None when the ring has no such key.
    #[must_use]
    pub fn derive(&self, purpose: Purpose, key: KeyId) -> Option<DerivedKey> {
        Some(self.material(key)?.derive(purpose))
    }

    /// The primary key's id, and its key for one purpose.
    #[must_use]
    pub fn derive_primary(&self, purpose: Purpose) -> (KeyId, DerivedKey) {
        (self.primary.0, self.primary.1.derive(purpose))
    }

    /// A value that tells this master key from any other and says nothing else about it: safe to store in the open.
    #[must_use]
    pub fn check_value(&self, key: KeyId) -> Option<[u8; 32]> {
        Some(*self.derive(Purpose::KeyCheck, key)?.expose())
    }

    /// The ring with one more random key, which only opens until it is promoted, and that key's id.
    ///
    /// # Errors
    /// [`Error::NoIdLeft`] after four thousand million keys.
    pub fn add(&self, entropy: &Entropy) -> Result<(Self, KeyId)> {
        let newest = self
            .others
            .keys()
            .fold(self.primary(), |a, b| a.max(*b))
            .value();
        let id = KeyId::new(newest.checked_add(1).ok_or(Error::NoIdLeft)?);
        let mut ring = self.clone();
        ring.others
            .insert(id, Secondary::Open(MasterKey::generate(entropy)));
        Ok((ring, id))
    }

    /// The ring with another primary; the one before only opens from then on. Promoting the primary changes nothing.
    ///
    /// Every process must know the key before it is promoted, else it cannot read what this one writes.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Retired`].
    pub fn promote(&self, id: KeyId) -> Result<Self> {
        let mut ring = self.clone();
        if id == ring.primary() {
            return Ok(ring);
        }
        match ring.others.remove(&id) {
            Some(Secondary::Open(key)) => {
                let (before, key) = std::mem::replace(&mut ring.primary, (id, key));
                ring.others.insert(before, Secondary::Open(key));
                Ok(ring)
            }
            Some(Secondary::Retired) => Err(Error::Retired(id)),
            None => Err(Error::Unknown(id)),
        }
    }

    /// The ring without a key's material. Its id stays taken. Retiring a retired key changes nothing.
    ///
    /// Whatever was sealed with that key is lost: the caller makes sure that nothing refers to it.
    ///
    /// # Errors
    /// [`Error::RetiresPrimary`], [`Error::Unknown`].
    pub fn retire(&self, id: KeyId) -> Result<Self> {
        let mut ring = self.clone();
        if id == ring.primary() {
            return Err(Error::RetiresPrimary(id));
        }
        *ring.others.get_mut(&id).ok_or(Error::Unknown(id))? = Secondary::Retired;
        Ok(ring)
    }

    pub(crate) fn material(&self, id: KeyId) -> Option<&MasterKey> {
        match self.others.get(&id) {
            Some(Secondary::Open(key)) => Some(key),
            Some(Secondary::Retired) => None,
            None => (id == self.primary.0).then_some(&self.primary.1),
        }
    }
}

/// Ids and states, never a key.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing ")?;
        f.debug_map().entries(self.states()).finish()
    }
}

/// The state as a key file writes it.
impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Open => "open",
            Self::Retired => "retired",
        })
    }
}
