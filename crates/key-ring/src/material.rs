use clock::Entropy;
use zeroize::Zeroize as _;

use crate::hkdf::Hkdf;

/// A master key: 32 random bytes, from which every other key comes. Wiped from memory when dropped.
// Boxed, so that moving it moves a pointer and leaves no copy behind.
#[derive(Clone)]
pub struct MasterKey(Box<[u8; 32]>);

/// A key for one purpose, derived from a master key. Wiped from memory when dropped.
#[derive(Clone)]
pub struct DerivedKey(Box<[u8; 32]>);

/// What a derived key is for. Each has a label of its own, so that one purpose's key says nothing about another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Seals bot tokens and other secrets at rest.
    Vault,
    /// Makes the path secret of a webhook's URL.
    WebhookPath,
    /// Makes the secret token that Telegram sends in a webhook's header.
    WebhookSecret,
    /// Chains the records of the request log.
    RequestLog,
    /// Makes the value that tells one master key from another.
    KeyCheck,
}

impl MasterKey {
    /// A new random key.
    #[must_use]
    pub fn generate(entropy: &Entropy) -> Self {
        let mut bytes = entropy.bytes();
        let key = Self::from_bytes(&bytes);
        bytes.zeroize();
        key
    }

    /// The key of these bytes, which the caller wipes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut key = Box::new([0; 32]);
        key.copy_from_slice(bytes);
        Self(key)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn derive(&self, purpose: Purpose) -> DerivedKey {
        let mut key = Box::new([0; 32]);
        key.copy_from_slice(
            &*Hkdf::extract(ROOT, self.expose()).expand::<32>(purpose.label().as_bytes()),
        );
        DerivedKey(key)
    }
}

impl DerivedKey {
    /// The key's bytes, for the one line that uses them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] = [
        Self::Vault,
        Self::WebhookPath,
        Self::WebhookSecret,
        Self::RequestLog,
        Self::KeyCheck,
    ];

    /// The label that HKDF is given for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Vault => "memberpass/telegram/v1/vault",
            Self::WebhookPath => "memberpass/telegram/v1/webhook-path",
            Self::WebhookSecret => "memberpass/telegram/v1/webhook-secret",
            Self::RequestLog => "memberpass/telegram/v1/request-log",
            Self::KeyCheck => "memberpass/telegram/v1/key-check",
        }
    }
}

macro_rules! secret {
    ($name:ident) => {
        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

secret!(MasterKey);
secret!(DerivedKey);

/// HKDF's salt for every master key.
const ROOT: &[u8] = b"memberpass/telegram/v1/root";
