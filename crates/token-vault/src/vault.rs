use clock::Entropy;
use ids::KeyId;
use key_ring::{Derived, DerivedKey, Hkdf, KeyRing, Purpose, SharedKeyRing};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::aead;
use crate::context::{Place, SecretContext, TokenContext};
use crate::error::OpenError;
use crate::record::{self, COMMITMENT, SALT, SealedSecret, SealedToken};

/// Seals secrets under the ring's primary key, and opens them with the key that they name. Cheap to clone.
#[derive(Clone)]
pub struct TokenVault {
    keys: Derived<Keys>,
    entropy: Entropy,
}

struct Keys {
    primary: (KeyId, DerivedKey),
    others: Vec<(KeyId, DerivedKey)>,
}

impl TokenVault {
    /// A vault over these keys: of a ring that may be replaced, or with `&KeyRing` of one that never is. The entropy makes
    /// the salts, so outside tests it must be the system's.
    #[must_use]
    pub fn new(ring: impl Into<SharedKeyRing>, entropy: Entropy) -> Self {
        let keys = ring.into().derived(Keys::of);
        Self { keys, entropy }
    }

    /// The key that [`Self::seal`] and [`Self::rewrap`] use.
    #[must_use]
    pub fn primary(&self) -> KeyId {
        self.keys.get().primary.0
    }

    /// Seals a bot token for its place, under the primary key. Sealing the same one again gives other bytes.
    #[must_use]
    pub fn seal(&self, context: &TokenContext<'_>, plaintext: &[u8]) -> SealedToken {
        self.seal_in(context, plaintext)
    }

    /// Opens a sealed bot token in its place. What it answers is wiped from memory when dropped.
    ///
    /// # Errors
    /// [`OpenError`], the same one for every reason.
    pub fn open(
        &self,
        context: &TokenContext<'_>,
        sealed: &SealedToken,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.open_in(context, sealed)
    }

    /// Seals what is sealed anew, under the primary key: how records leave a key that is to retire.
    ///
    /// # Errors
    /// [`OpenError`], the same one for every reason.
    pub fn rewrap(
        &self,
        context: &TokenContext<'_>,
        sealed: &SealedToken,
    ) -> Result<SealedToken, OpenError> {
        Ok(self.seal(context, &self.open(context, sealed)?))
    }

    /// Seals another secret than a bot token: as [`Self::seal`], for a place that is never one of a bot token.
    #[must_use]
    pub fn seal_secret(&self, context: &SecretContext<'_>, plaintext: &[u8]) -> SealedSecret {
        SealedSecret(self.seal_in(context, plaintext))
    }

    /// Opens such a secret in its place: as [`Self::open`].
    ///
    /// # Errors
    /// [`OpenError`], the same one for every reason.
    pub fn open_secret(
        &self,
        context: &SecretContext<'_>,
        sealed: &SealedSecret,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.open_in(context, &sealed.0)
    }

    /// Seals such a secret anew, under the primary key: as [`Self::rewrap`].
    ///
    /// # Errors
    /// [`OpenError`], the same one for every reason.
    pub fn rewrap_secret(
        &self,
        context: &SecretContext<'_>,
        sealed: &SealedSecret,
    ) -> Result<SealedSecret, OpenError> {
        Ok(self.seal_secret(context, &self.open_secret(context, sealed)?))
    }

    fn seal_in(&self, place: &impl Place, plaintext: &[u8]) -> SealedToken {
        let keys = self.keys.get();
        let (key_id, key) = &keys.primary;
        let salt = self.entropy.bytes();
        let derived = RecordKey::derive(key, &salt);
        let mut bytes = record::header(*key_id, &salt, derived.commitment());
        let associated = associated_data(&bytes, place);
        let header = bytes.len();
        // Exactly the room that is needed, so that the plaintext is never moved before it is encrypted where it lies.
        bytes.reserve_exact(plaintext.len() + record::TAG);
        bytes.extend_from_slice(plaintext);
        let tag = aead::seal(derived.key(), &associated, &mut bytes[header..]);
        bytes.extend_from_slice(&tag);
        record::finished(bytes)
    }

    fn open_in(
        &self,
        place: &impl Place,
        sealed: &SealedToken,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let keys = self.keys.get();
        let key = keys.find(sealed.key_id()).ok_or(OpenError)?;
        let derived = RecordKey::derive(key, &sealed.salt());
        let committed = derived.commitment().ct_eq(&sealed.commitment());
        if !bool::from(committed) {
            return Err(OpenError);
        }
        let associated = associated_data(sealed.header(), place);
        let mut buffer = Zeroizing::new(sealed.sealed().to_vec());
        let length = aead::open(derived.key(), &associated, &mut buffer)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// What is authenticated with the ciphertext: the record's header, and its place.
fn associated_data(header: &[u8], place: &impl Place) -> Vec<u8> {
    [header, &place.to_bytes()].concat()
}

impl Keys {
    fn of(ring: &KeyRing) -> Self {
        let others = ring
            .ids()
            .filter(|id| *id != ring.primary())
            .filter_map(|id| Some((id, ring.derive(Purpose::Vault, id)?)))
            .collect();
        let primary = ring.derive_primary(Purpose::Vault);
        Self { primary, others }
    }

    fn find(&self, id: KeyId) -> Option<&DerivedKey> {
        std::iter::once(&self.primary)
            .chain(&self.others)
            .find(|(known, _)| *known == id)
            .map(|(_, key)| key)
    }
}

/// The key of one record, and the commitment that ties the record to it.
struct RecordKey(Zeroizing<[u8; 32 + COMMITMENT]>);

impl RecordKey {
    fn derive(key: &DerivedKey, salt: &[u8; SALT]) -> Self {
        Self(Hkdf::extract(salt, key.expose()).expand(RECORD))
    }

    fn key(&self) -> &aead::Key {
        self.halves().0
    }

    fn commitment(&self) -> &[u8; COMMITMENT] {
        self.halves().1
    }

    #[expect(
        clippy::expect_used,
        reason = "64 bytes have a first and a last half of 32"
    )]
    fn halves(&self) -> (&[u8; 32], &[u8; 32]) {
        let (key, commitment) = self.0.split_first_chunk().expect("it has 64 bytes");
        (key, commitment.try_into().expect("32 of 64 are left"))
    }
}

impl std::fmt::Debug for TokenVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenVault(primary {:?})", self.primary())
    }
}

/// HKDF's label for a record's key and commitment.
const RECORD: &[u8] = b"memberpass/telegram/v1/record/aes256gcm+commitment";
