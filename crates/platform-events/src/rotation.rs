//! A new secret for an endpoint.

use std::time::Duration;

use clock::Timestamp;
use diesel::prelude::*;
use ids::EndpointId;

use crate::addressee::Addressee;
use crate::error::{Error, Result};
use crate::platform_events::PlatformEvents;
use crate::schema::event_endpoints;
use crate::secret::SigningSecret;

/// A secret that has taken another's place.
#[derive(Debug)]
pub struct RotatedSecret {
    /// The new secret, which signs as `v1` from now on.
    pub secret: SigningSecret,
    /// Until when the one before signs beside it, as `v0`.
    pub previous_until: Timestamp,
}

impl PlatformEvents {
    /// Gives an endpoint a new secret and answers with it: the only time that it is shown. For 24 hours the one before signs beside
    /// it; what was before that signs no more.
    ///
    /// # Errors
    /// [`Error::NoSuchEndpoint`], [`Error::Store`].
    pub async fn endpoint_rotate_secret(&self, id: &EndpointId) -> Result<RotatedSecret> {
        let inner = &*self.0;
        let _turn = inner.changing.lock().await;
        let mut link = inner.database.connect().await?;
        let before = Addressee::find(&mut link, id).await?;
        let before = before.ok_or(Error::NoSuchEndpoint)?;
        let version = before.version() + 1;
        let secret = SigningSecret::new(&inner.entropy);
        let sealed = secret.seal(&inner.vault, id, version);
        let now = inner.clock.now();
        let previous_until = now + BESIDE;
        // As it is stored at that moment: a rewrap may have changed the bytes since they were read.
        let moved = (
            event_endpoints::previous_secret.eq(event_endpoints::secret.nullable()),
            event_endpoints::previous_key_id.eq(event_endpoints::secret_key_id.nullable()),
            event_endpoints::previous_until_us.eq(previous_until.unix_us()),
        );
        let new = (
            event_endpoints::secret_key_id.eq(sealed.key_id()),
            event_endpoints::secret.eq(sealed.into_bytes()),
            event_endpoints::secret_version.eq(i64::from(version)),
            event_endpoints::updated_at_us.eq(now.unix_us()),
        );
        let there = event_endpoints::table
            .find(id.clone())
            .filter(event_endpoints::secret_version.eq(before.secret_version));
        let update = diesel::update(there).set((moved, new));
        store::ensure_touched(link.run(update).await?, 1)?;
        Ok(RotatedSecret {
            secret,
            previous_until,
        })
    }
}

const BESIDE: Duration = Duration::from_secs(24 * 3_600);
