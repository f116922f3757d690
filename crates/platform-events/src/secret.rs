//! What an endpoint's owner and we alone know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Entropy;
use ids::EndpointId;
use secrecy::{ExposeSecret as _, SecretString};
use token_vault::{OpenError, SealedSecret, SecretContext, TokenVault};
use zeroize::Zeroizing;

/// What signs an endpoint's deliveries: `whsec_` and 32 random bytes in base64url.
pub struct SigningSecret(SecretString);

impl SigningSecret {
    pub(crate) fn new(entropy: &Entropy) -> Self {
        let random = Zeroizing::new(entropy.bytes::<32>());
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_slice()));
        Self(format!("{PREFIX}{}", &*text).into())
    }

    /// The secret as its owner uses it: all bytes of this text are the key. Show it once, keep it nowhere.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn seal(
        &self,
        vault: &TokenVault,
        endpoint: &EndpointId,
        version: u32,
    ) -> SealedSecret {
        vault.seal_secret(&context(endpoint, version), self.expose().as_bytes())
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret(redacted)")
    }
}

/// A stored secret and the place that it belongs to.
pub(crate) struct Sealed<'a> {
    pub(crate) endpoint: &'a EndpointId,
    pub(crate) version: u32,
    pub(crate) bytes: &'a [u8],
}

impl Sealed<'_> {
    pub(crate) fn open(&self, vault: &TokenVault) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let sealed = SealedSecret::from_bytes(self.bytes)?;
        vault.open_secret(&context(self.endpoint, self.version), &sealed)
    }

    pub(crate) fn rewrap(&self, vault: &TokenVault) -> Result<SealedSecret, OpenError> {
        let sealed = SealedSecret::from_bytes(self.bytes)?;
        vault.rewrap_secret(&context(self.endpoint, self.version), &sealed)
    }
}

fn context(endpoint: &EndpointId, version: u32) -> SecretContext<'_> {
    SecretContext {
        owner: endpoint.as_str(),
        field: FIELD,
        version,
    }
}

const PREFIX: &str = "whsec_";
const FIELD: &str = "event_endpoint.signing";
