use ids::{Generation, KeyId};
use zeroize::Zeroizing;

/// One registration of a connection's webhook: all that is stored of its path and its secret token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registration {
    /// The how-manieth registration it is, from 1.
    pub generation: Generation,
    /// The master key that path and secret token come from.
    pub key_id: KeyId,
}

/// The path of a webhook's URL: a secret, wiped from memory when dropped.
#[derive(Clone)]
pub struct WebhookPath(pub(crate) Zeroizing<String>);

/// The `secret_token` of the method `setWebhook`: 43 characters of `A-Z a-z 0-9 _ -`, wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretToken(pub(crate) Zeroizing<String>);

impl WebhookPath {
    /// `/telegram/webhook/<connection>/<key id>.<generation>.<path secret>`: for the URL that Telegram is told.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SecretToken {
    /// The token's text: for the call that tells it to Telegram.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for WebhookPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookPath(redacted)")
    }
}

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretToken(redacted)")
    }
}
