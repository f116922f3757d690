use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ids::ApiTokenId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Which of the platform's environments a token belongs to; it shows in the token's first letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Production: `mpt_live_…`.
    Live,
    /// Anything else: `mpt_test_…`.
    Test,
}

/// A whole API token, `mpt_live_<id>_<secret>`: 256 random bits behind its id.
pub struct PlainToken {
    id: ApiTokenId,
    whole: SecretString,
    hash: [u8; 32],
}

impl PlainToken {
    pub(super) fn new(environment: Environment, id: &ApiTokenId, random: &[u8; 32]) -> Self {
        let secret = URL_SAFE_NO_PAD.encode(random);
        Self {
            id: id.clone(),
            hash: Sha256::digest(secret.as_bytes()).into(),
            whole: format!("{}{id}_{secret}", environment.prefix()).into(),
        }
    }

    /// Only the shape is checked: whether it is a good token, its hash decides.
    pub(super) fn parse(text: &str, environment: Environment) -> Option<Self> {
        let (id, secret) = text.strip_prefix(environment.prefix())?.split_once('_')?;
        let id = ApiTokenId::from_str(id).ok()?;
        let hash = Sha256::digest(secret.as_bytes()).into();
        (secret.len() == 43).then(|| Self {
            id,
            whole: text.to_owned().into(),
            hash,
        })
    }

    /// The part that is not secret.
    #[must_use]
    pub fn id(&self) -> &ApiTokenId {
        &self.id
    }

    /// The token as its bearer presents it. A secret: show it once, keep it nowhere.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.whole.expose_secret()
    }

    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    pub(super) fn matches(&self, stored: &[u8]) -> bool {
        self.hash.ct_eq(stored).into()
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainToken({})", self.id)
    }
}

impl Environment {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Live => "mpt_live_",
            Self::Test => "mpt_test_",
        }
    }
}
