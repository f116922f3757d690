//! How a sealed token, or another sealed secret, is laid out. It knows no key.

use ids::KeyId;

use crate::error::OpenError;

/// A sealed token: the bytes to store.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedToken(Box<[u8]>);

impl SealedToken {
    /// Bytes that were stored, if they are laid out as a sealed token. Whether they open only the vault tells.
    ///
    /// # Errors
    /// [`OpenError`] when they are too short, or of a format or an algorithm that this version does not know.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, OpenError> {
        let bytes = bytes.into();
        if bytes.len() < HEADER + TAG || !bytes.starts_with(&FORMAT) {
            return Err(OpenError);
        }
        Ok(Self(bytes.into()))
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into()
    }

    /// The master key it claims to be sealed under; only opening it proves that.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId::new(u32::from_be_bytes(self.part(FORMAT.len())))
    }

    /// Everything before the ciphertext: what the tag authenticates besides it.
    pub(crate) fn header(&self) -> &[u8] {
        &self.0[..HEADER]
    }

    pub(crate) fn salt(&self) -> [u8; SALT] {
        self.part(FORMAT.len() + KEY_ID)
    }

    pub(crate) fn commitment(&self) -> [u8; COMMITMENT] {
        self.part(HEADER - COMMITMENT)
    }

    /// The ciphertext and its tag.
    pub(crate) fn sealed(&self) -> &[u8] {
        &self.0[HEADER..]
    }

    // The layout was checked when this was made, so every part is there.
    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut part = [0; N];
        part.copy_from_slice(&self.0[at..at + N]);
        part
    }
}

impl std::fmt::Debug for SealedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedToken(under {:?})", self.key_id())
    }
}

/// A record that is being written: the header first, then room for what is sealed.
pub(crate) fn header(key_id: KeyId, salt: &[u8; SALT], commitment: &[u8; COMMITMENT]) -> Vec<u8> {
    [
        FORMAT.as_slice(),
        &key_id.value().to_be_bytes(),
        salt,
        commitment,
    ]
    .concat()
}

/// Another sealed secret than a bot token: the bytes to store, laid out the same.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub(crate) SealedToken);

impl SealedSecret {
    /// Bytes that were stored, if they are laid out as a sealed secret. Whether they open only the vault tells.
    ///
    /// # Errors
    /// As [`SealedToken::from_bytes`].
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, OpenError> {
        SealedToken::from_bytes(bytes).map(Self)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The bytes to store, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The master key it claims to be sealed under; only opening it proves that.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.0.key_id()
    }
}

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedSecret(under {:?})", self.key_id())
    }
}

/// A written record. The caller has put header, ciphertext and tag together.
pub(crate) fn finished(bytes: Vec<u8>) -> SealedToken {
    debug_assert!(bytes.len() >= HEADER + TAG && bytes.starts_with(&FORMAT));
    SealedToken(bytes.into())
}

pub(crate) const SALT: usize = 32;
pub(crate) const COMMITMENT: usize = 32;
pub(crate) const TAG: usize = 16;
/// Magic, version 1, algorithm 1 (AES-256-GCM under a key of its own).
const FORMAT: [u8; 6] = *b"MPT\0\x01\x01";
const KEY_ID: usize = 4;
const HEADER: usize = FORMAT.len() + KEY_ID + SALT + COMMITMENT;
