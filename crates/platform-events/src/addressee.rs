//! Where a delivery goes and what signs it.

use clock::Timestamp;
use diesel::prelude::*;
use ids::{EndpointId, KeyId};
use outbound_http::Target;
use store::{Columns as _, Connection as Link};
use token_vault::TokenVault;

use crate::schema::event_endpoints;
use crate::secret::Sealed;
use crate::signature::Keys;
use crate::state::EndpointState;

/// An endpoint's address and sealed secrets.
#[derive(Queryable, Selectable)]
#[diesel(table_name = event_endpoints, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct Addressee {
    pub(crate) id: EndpointId,
    url: String,
    state: EndpointState,
    secret: Vec<u8>,
    pub(crate) secret_key_id: KeyId,
    pub(crate) secret_version: i64,
    previous_secret: Option<Vec<u8>>,
    pub(crate) previous_key_id: Option<KeyId>,
    previous_until_us: Option<i64>,
}

/// An addressee that can be called.
pub(crate) struct Ready {
    pub(crate) target: Target,
    pub(crate) keys: Keys,
}

impl Addressee {
    /// An endpoint, whether or not it is on.
    pub(crate) async fn find(link: &mut Link, id: &EndpointId) -> store::Result<Option<Self>> {
        let there = event_endpoints::table
            .find(id.clone())
            .filter(event_endpoints::deleted_at_us.is_null())
            .select(Self::columns());
        link.fetch_optional(there).await
    }

    pub(crate) fn is_on(&self) -> bool {
        self.state == EndpointState::On
    }

    /// The address read and the secrets opened; or why that cannot be, in a sentence.
    pub(crate) fn ready(&self, vault: &TokenVault, now: Timestamp) -> Result<Ready, &'static str> {
        let target = self
            .url
            .parse()
            .map_err(|_| "the stored address cannot be read: give the endpoint its address anew")?;
        let current = self.current().open(vault).map_err(|_| UNOPENED)?;
        let previous = self.previous_at(now);
        let previous = previous.map(|sealed| sealed.open(vault)).transpose();
        Ok(Ready {
            target,
            keys: Keys {
                current,
                previous: previous.map_err(|_| UNOPENED)?,
            },
        })
    }

    pub(crate) fn current(&self) -> Sealed<'_> {
        Sealed {
            endpoint: &self.id,
            version: self.version(),
            bytes: &self.secret,
        }
    }

    /// The secret before, if it still signs.
    pub(crate) fn previous_at(&self, now: Timestamp) -> Option<Sealed<'_>> {
        self.previous_until_us
            .filter(|until_us| now.unix_us() < *until_us)?;
        Some(Sealed {
            endpoint: &self.id,
            version: self.version().saturating_sub(1),
            bytes: self.previous_secret.as_deref()?,
        })
    }

    pub(crate) fn version(&self) -> u32 {
        u32::try_from(self.secret_version).unwrap_or(u32::MAX)
    }
}

const UNOPENED: &str = "the stored signing secret does not open with this server's keys: give the endpoint a new secret";
