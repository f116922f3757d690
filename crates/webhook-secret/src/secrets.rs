use ids::{ConnectionId, Generation, KeyId, ProjectId, TelegramBotId};
use key_ring::{Derived, KeyRing, LengthPrefixed, Mac, Purpose, SharedKeyRing};
use zeroize::Zeroizing;

use crate::path::{MAX_PATH_BYTES, PATH_PREFIX, PATH_SECRET, Parts};
use crate::tag::{LENGTH, TagText};
use crate::values::{Registration, SecretToken, WebhookPath};

/// Derives webhook paths and secret tokens, and verifies them. Cheap to clone.
#[derive(Clone)]
pub struct WebhookSecrets(Derived<Box<[Keyed]>>);

/// One master key's HMAC states, keyed once.
struct Keyed {
    id: KeyId,
    path: Mac,
    token: Mac,
}

impl WebhookSecrets {
    /// Derives what is needed from every key: of a ring that may be replaced, or with `&KeyRing` of one that never is.
    #[must_use]
    pub fn new(ring: impl Into<SharedKeyRing>) -> Self {
        Self(ring.into().derived(Keyed::of_all))
    }

    /// The path of a registration. None when the key is not in the ring, or the generation is [`Generation::NONE`].
    #[must_use]
    pub fn path(
        &self,
        connection: &ConnectionId,
        registration: Registration,
    ) -> Option<WebhookPath> {
        let tag = self.path_tag(connection.as_str().as_bytes(), registration)?;
        // Room for everything, because growing would leave a copy behind.
        let mut path = Zeroizing::new(String::with_capacity(MAX_PATH_BYTES));
        path.push_str(PATH_PREFIX);
        path.push_str(connection.as_str());
        path.push_str(&format!(
            "/{}.{}.",
            registration.key_id, registration.generation
        ));
        tag.push_to(&mut path);
        Some(WebhookPath(path))
    }

    /// What a request's path stands for, if we made it: no look-up, no allocation before the secret is verified, and a
    /// comparison in constant time. The path is taken as it came, without its query.
    ///
    /// A genuine path may be of a registration that is no longer accepted; only the connection's record tells.
    #[must_use]
    pub fn verify_path(&self, path: &str) -> Option<(ConnectionId, Registration)> {
        let parts = Parts::of(path)?;
        let tag = self.path_tag(parts.connection_bytes(), parts.registration)?;
        if !tag.matches(parts.secret) {
            return None;
        }
        Some((parts.connection()?, parts.registration))
    }

    /// The secret token of a registration. None when the key is not in the ring, or the generation is
    /// [`Generation::NONE`].
    #[must_use]
    pub fn token(
        &self,
        project: &ProjectId,
        telegram_bot_id: TelegramBotId,
        registration: Registration,
    ) -> Option<SecretToken> {
        let tag = self.token_tag(project, telegram_bot_id, registration)?;
        let mut token = Zeroizing::new(String::with_capacity(LENGTH));
        tag.push_to(&mut token);
        Some(SecretToken(token))
    }

    /// Whether a header's value is the secret token of this registration, compared in constant time. Allocates nothing.
    #[must_use]
    pub fn verify_token(
        &self,
        project: &ProjectId,
        telegram_bot_id: TelegramBotId,
        registration: Registration,
        presented: &[u8],
    ) -> bool {
        self.token_tag(project, telegram_bot_id, registration)
            .is_some_and(|tag| tag.matches(presented))
    }

    fn path_tag(&self, connection: &[u8], registration: Registration) -> Option<TagText> {
        let generation = number(registration.generation);
        let values = [connection, &generation];
        let all = self.0.get();
        let mac = &Keyed::find(&all, registration)?.path;
        Some(TagText::new(mac, LengthPrefixed::new(&values), PATH_SECRET))
    }

    fn token_tag(
        &self,
        project: &ProjectId,
        telegram_bot_id: TelegramBotId,
        registration: Registration,
    ) -> Option<TagText> {
        let bot = telegram_bot_id.value().to_be_bytes();
        let generation = number(registration.generation);
        let values = [project.as_str().as_bytes(), &bot, &generation];
        let all = self.0.get();
        let mac = &Keyed::find(&all, registration)?.token;
        Some(TagText::new(mac, LengthPrefixed::new(&values), LENGTH))
    }
}

impl Keyed {
    fn of_all(ring: &KeyRing) -> Box<[Self]> {
        let keyed = ring.ids().filter_map(|id| {
            Some(Self {
                id,
                path: Mac::new(ring.derive(Purpose::WebhookPath, id)?.expose()),
                token: Mac::new(ring.derive(Purpose::WebhookSecret, id)?.expose()),
            })
        });
        keyed.collect()
    }

    fn find(all: &[Self], registration: Registration) -> Option<&Self> {
        if registration.generation == Generation::NONE {
            return None;
        }
        all.iter().find(|keyed| keyed.id == registration.key_id)
    }
}

impl std::fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecrets of ")?;
        let all = self.0.get();
        f.debug_list()
            .entries(all.iter().map(|keyed| keyed.id))
            .finish()
    }
}

/// Every number that is authenticated is eight bytes, the most significant first.
fn number(generation: Generation) -> [u8; 8] {
    u64::from(generation.value()).to_be_bytes()
}
