//! What an owner does with endpoints.

use diesel::dsl::count_star;
use diesel::prelude::*;
use ids::EndpointId;
use outbound_http::Target;
use store::{Columns as _, Connection as Link};

use crate::endpoint::{Endpoint, EndpointChange, NewEndpoint, Row};
use crate::error::{Error, Result};
use crate::event_type::EventTypes;
use crate::platform_events::{Inner, PlatformEvents};
use crate::schema::event_endpoints;
use crate::secret::SigningSecret;
use crate::state::EndpointState;

impl PlatformEvents {
    /// Makes an endpoint, which is on, and answers with its secret: the only time that this is shown.
    ///
    /// # Errors
    /// [`Error::Refused`] for an address that is never called, [`Error::LongDescription`], [`Error::TooManyEndpoints`],
    /// [`Error::Store`].
    pub async fn endpoint_create(&self, new: &NewEndpoint) -> Result<(Endpoint, SigningSecret)> {
        let inner = &*self.0;
        check(inner, Some(&new.url), Some(&new.description))?;
        let _turn = inner.changing.lock().await;
        let mut link = inner.database.connect().await?;
        let made = event_endpoints::table
            .filter(event_endpoints::deleted_at_us.is_null())
            .select(count_star());
        if link.fetch_one::<i64, _>(made).await? >= MOST {
            return Err(Error::TooManyEndpoints);
        }
        let now = inner.clock.now();
        let id = EndpointId::from_parts(now.unix_ms(), inner.entropy.bytes());
        let secret = SigningSecret::new(&inner.entropy);
        let sealed = secret.seal(&inner.vault, &id, FIRST);
        let now_us = now.unix_us();
        let columns = (
            (
                event_endpoints::id.eq(id.clone()),
                event_endpoints::url.eq(new.url.to_string()),
                event_endpoints::description.eq(new.description.clone()),
                event_endpoints::event_types.eq(new.types.to_stored()),
            ),
            (
                event_endpoints::state.eq(EndpointState::On),
                event_endpoints::state_since_us.eq(now_us),
                event_endpoints::failures_in_a_row.eq(0),
            ),
            (
                event_endpoints::secret_key_id.eq(sealed.key_id()),
                event_endpoints::secret.eq(sealed.into_bytes()),
                event_endpoints::secret_version.eq(i64::from(FIRST)),
            ),
            (
                event_endpoints::created_at_us.eq(now_us),
                event_endpoints::updated_at_us.eq(now_us),
            ),
        );
        let insert = diesel::insert_into(event_endpoints::table).values(columns);
        store::ensure_touched(link.run(insert).await?, 1)?;
        Ok((find(inner, &mut link, &id).await?, secret))
    }

    /// A page of the endpoints, in the order in which they were made: at most `limit` of those after `after`.
    ///
    /// Damaged records are left out, and each is logged.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn endpoints(&self, after: Option<&EndpointId>, limit: u32) -> Result<Vec<Endpoint>> {
        let after = after.map_or("", EndpointId::as_str).to_owned();
        let page = event_endpoints::table
            .filter(event_endpoints::deleted_at_us.is_null())
            .filter(event_endpoints::id.gt(after))
            .order(event_endpoints::id)
            .limit(i64::from(limit))
            .select(Row::columns());
        let rows: Vec<Row> = self.0.database.connect().await?.fetch(page).await?;
        let now = self.0.clock.now();
        let read = |row: Row| {
            let told = |error: &Error| {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "left out of a list"
                );
            };
            row.into_endpoint(now).inspect_err(told).ok()
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// An endpoint, if there is one of this id.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Store`].
    pub async fn endpoint(&self, id: &EndpointId) -> Result<Option<Endpoint>> {
        let mut link = self.0.database.connect().await?;
        match find(&self.0, &mut link, id).await {
            Err(Error::NoSuchEndpoint) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Changes what its owner says about an endpoint. It stays on or off as it is.
    ///
    /// # Errors
    /// [`Error::NoSuchEndpoint`], and as [`endpoint_create`](Self::endpoint_create).
    pub async fn endpoint_update(
        &self,
        id: &EndpointId,
        change: &EndpointChange,
    ) -> Result<Endpoint> {
        let inner = &*self.0;
        check(inner, change.url.as_ref(), change.description.as_deref())?;
        let url = change.url.as_ref().map(Target::to_string);
        let types = change.types.as_ref().map(EventTypes::to_stored);
        let columns = (
            url.map(|url| event_endpoints::url.eq(url)),
            change
                .description
                .clone()
                .map(|text| event_endpoints::description.eq(text)),
            types.map(|types| event_endpoints::event_types.eq(types)),
            event_endpoints::updated_at_us.eq(inner.clock.now().unix_us()),
        );
        let _turn = inner.changing.lock().await;
        let mut link = inner.database.connect().await?;
        let there = event_endpoints::table
            .find(id.clone())
            .filter(event_endpoints::deleted_at_us.is_null());
        link.run(diesel::update(there).set(columns)).await?;
        find(inner, &mut link, id).await
    }
}

/// An endpoint that was not deleted.
pub(crate) async fn find(inner: &Inner, link: &mut Link, id: &EndpointId) -> Result<Endpoint> {
    let there = event_endpoints::table
        .find(id.clone())
        .filter(event_endpoints::deleted_at_us.is_null())
        .select(Row::columns());
    let row: Option<Row> = link.fetch_optional(there).await?;
    row.ok_or(Error::NoSuchEndpoint)?
        .into_endpoint(inner.clock.now())
}

fn check(inner: &Inner, url: Option<&Target>, description: Option<&str>) -> Result<()> {
    if let Some(url) = url {
        inner.outbound.accepts(url)?;
    }
    if description.is_some_and(|text| !is_one_line(text)) {
        return Err(Error::LongDescription);
    }
    Ok(())
}

/// It is shown in lists and on terminals, and not every database takes every control character.
fn is_one_line(text: &str) -> bool {
    text.chars().count() <= DESCRIPTION && !text.chars().any(char::is_control)
}

/// Endpoints there may be. Each event is written once for each of them.
const MOST: i64 = 16;
const DESCRIPTION: usize = 200;
/// The version of an endpoint's first secret.
const FIRST: u32 = 1;
