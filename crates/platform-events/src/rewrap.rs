//! How sealed secrets leave a master key that is to retire.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use ids::{EndpointId, KeyId};
use store::{Columns as _, Connection as Link};

use crate::addressee::Addressee;
use crate::error::Result;
use crate::platform_events::{Inner, PlatformEvents};
use crate::schema::event_endpoints;

/// What became of some endpoints' secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewrapPage {
    /// Secrets that were sealed anew.
    pub rewrapped: u64,
    /// Secrets that do not open, and stay as they are. Each was logged; its endpoint needs a new secret.
    pub damaged: u64,
    /// The endpoint after which the next page begins; none after the last.
    pub next: Option<EndpointId>,
}

impl PlatformEvents {
    /// How many sealed secrets refer to each master key. Keys that nothing refers to are not among them.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn secrets_by_key(&self) -> Result<BTreeMap<KeyId, u64>> {
        let now_us = self.0.clock.now().unix_us();
        let there = || event_endpoints::table.filter(event_endpoints::deleted_at_us.is_null());
        let current = there()
            .group_by(event_endpoints::secret_key_id)
            .select((event_endpoints::secret_key_id.nullable(), count_star()));
        let previous = there()
            .filter(event_endpoints::previous_until_us.gt(now_us))
            .group_by(event_endpoints::previous_key_id)
            .select((event_endpoints::previous_key_id, count_star()));
        let mut link = self.0.database.connect().await?;
        let mut counted: Vec<(Option<KeyId>, i64)> = link.fetch(current).await?;
        counted.extend(link.fetch::<(Option<KeyId>, i64), _>(previous).await?);
        let mut counts = BTreeMap::new();
        for (key, count) in counted {
            if let Some(key) = key {
                *counts.entry(key).or_default() += count.unsigned_abs();
            }
        }
        Ok(counts)
    }

    /// Seals the secrets of a page of endpoints anew, where they are not under the vault's primary key: at most `limit` endpoints of
    /// those after `after`. A secret that is changed meanwhile is left alone.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store). What was done stays done.
    pub async fn rewrap_page(&self, after: Option<&EndpointId>, limit: u32) -> Result<RewrapPage> {
        let inner = &*self.0;
        let after = after.map_or("", EndpointId::as_str).to_owned();
        let some = event_endpoints::table
            .filter(event_endpoints::deleted_at_us.is_null())
            .filter(event_endpoints::id.gt(after))
            .order(event_endpoints::id)
            .limit(i64::from(limit))
            .select(Addressee::columns());
        let mut link = inner.database.connect().await?;
        let some: Vec<Addressee> = link.fetch(some).await?;
        let mut page = RewrapPage::default();
        if some.len() == limit as usize {
            page.next = some.last().map(|last| last.id.clone());
        }
        for endpoint in some {
            for which in [Which::Current, Which::Previous] {
                match rewrap(inner, &mut link, &endpoint, which).await? {
                    Rewrap::Done => page.rewrapped += 1,
                    Rewrap::Needless => {}
                    Rewrap::Damaged => page.damaged += 1,
                }
            }
        }
        Ok(page)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Current,
    Previous,
}

enum Rewrap {
    Done,
    Needless,
    Damaged,
}

async fn rewrap(
    inner: &Inner,
    link: &mut Link,
    endpoint: &Addressee,
    which: Which,
) -> Result<Rewrap> {
    let (sealed, key) = match which {
        Which::Current => (Some(endpoint.current()), Some(endpoint.secret_key_id)),
        Which::Previous => (
            endpoint.previous_at(inner.clock.now()),
            endpoint.previous_key_id,
        ),
    };
    let Some(sealed) = sealed.filter(|_| key != Some(inner.vault.primary())) else {
        return Ok(Rewrap::Needless);
    };
    let Ok(anew) = sealed.rewrap(&inner.vault) else {
        let (endpoint, version) = (&endpoint.id, sealed.version);
        tracing::error!(%endpoint, version, "a stored signing secret does not open, so it is not sealed anew");
        return Ok(Rewrap::Damaged);
    };
    let (before, key, there) = (
        sealed.bytes.to_vec(),
        anew.key_id(),
        event_endpoints::table.find(endpoint.id.clone()),
    );
    let touched = match which {
        Which::Current => {
            let columns = (
                event_endpoints::secret_key_id.eq(key),
                event_endpoints::secret.eq(anew.into_bytes()),
            );
            let same = there.filter(event_endpoints::secret.eq(before));
            link.run(diesel::update(same).set(columns)).await?
        }
        Which::Previous => {
            let columns = (
                event_endpoints::previous_key_id.eq(key),
                event_endpoints::previous_secret.eq(anew.into_bytes()),
            );
            let same = there.filter(event_endpoints::previous_secret.eq(before));
            link.run(diesel::update(same).set(columns)).await?
        }
    };
    Ok(if touched == 1 {
        Rewrap::Done
    } else {
        Rewrap::Needless
    })
}
