use std::fmt;
use std::str::FromStr;

use ids::{ConnectionId, EndpointId, InvalidId};
use serde::Serialize;

use crate::error::Result;
use crate::key_rotation::KeyRotation;
use crate::uses::KeyUses;

/// What became of a page of sealed tokens and secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RewrapPage {
    /// How many tokens are under the primary key now.
    pub tokens: u64,
    /// How many other secrets are.
    pub secrets: u64,
    /// How many were left alone because they are being changed. Another run takes them along.
    pub busy: u64,
    /// The connections whose tokens did not open with the keys there are. Those bots need their tokens anew.
    pub unopened_tokens: Vec<ConnectionId>,
    /// How many other secrets did not; whose they are was logged.
    pub unopened_secrets: u64,
    /// What the next page is asked for with; None after the last.
    pub next: Option<RewrapCursor>,
}

/// Where a page begins. What was done before is no longer found, so forgetting it costs no more than a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewrapCursor(After);

#[derive(Clone, Debug, PartialEq, Eq)]
enum After {
    /// First the tokens.
    Token(ConnectionId),
    /// Then the secrets of webhook endpoints: after this one, or from the first.
    Secret(Option<EndpointId>),
}

/// What a whole run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rewrapped {
    /// How many tokens are under the primary key now that were not before.
    pub tokens: u64,
    /// How many other secrets.
    pub secrets: u64,
    /// How many were left alone because they are being changed. Another run takes them along.
    pub busy: u64,
    /// The connections whose tokens did not open with the keys there are.
    pub unopened_tokens: Vec<ConnectionId>,
    /// How many other secrets did not.
    pub unopened_secrets: u64,
    /// How many there were to do at the beginning.
    pub found: u64,
}

impl KeyRotation {
    /// Seals a page of what is sealed under another key than the primary one anew, under that.
    ///
    /// # Errors
    /// [`Error::Directory`](crate::Error::Directory), [`Error::Events`](crate::Error::Events); what is done stays done.
    pub async fn rewrap_page(&self, after: Option<&RewrapCursor>) -> Result<RewrapPage> {
        match after.map(|RewrapCursor(after)| after) {
            None => self.rewrap_tokens(None).await,
            Some(After::Token(after)) => self.rewrap_tokens(Some(after)).await,
            Some(After::Secret(after)) => self.rewrap_secrets(after.as_ref()).await,
        }
    }

    /// Seals all of it anew, and tells after each page how far it is. Dropping it stops it after a page; another run goes on.
    ///
    /// # Errors
    /// As [`Self::rewrap_page`].
    pub async fn rewrap(&self, mut told: impl FnMut(&Rewrapped)) -> Result<Rewrapped> {
        let primary = self.0.parts.ring.load().primary();
        let uses = self.uses().await?;
        let others = uses.iter().filter(|(key, _)| **key != primary);
        let mut done = Rewrapped {
            found: others.map(|(_, uses)| KeyUses::sealed(uses)).sum(),
            ..Rewrapped::default()
        };
        let mut next = None;
        loop {
            let page = self.rewrap_page(next.as_ref()).await?;
            done.tokens += page.tokens;
            done.secrets += page.secrets;
            done.busy += page.busy;
            done.unopened_tokens.extend(page.unopened_tokens);
            done.unopened_secrets += page.unopened_secrets;
            told(&done);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        tracing::info!(
            tokens = done.tokens,
            secrets = done.secrets,
            busy = done.busy,
            unopened_tokens = done.unopened_tokens.len(),
            unopened_secrets = done.unopened_secrets,
            "sealed anew under the primary master key"
        );
        Ok(done)
    }

    async fn rewrap_tokens(&self, after: Option<&ConnectionId>) -> Result<RewrapPage> {
        let inner = &*self.0;
        let directory = &inner.parts.directory;
        let page = directory.tokens_rewrap(&inner.vault, after, PAGE).await?;
        Ok(RewrapPage {
            tokens: page.rewrapped,
            busy: page.busy,
            unopened_tokens: page.unopened,
            next: Some(RewrapCursor(match page.next {
                Some(last) => After::Token(last),
                None => After::Secret(None),
            })),
            ..RewrapPage::default()
        })
    }

    async fn rewrap_secrets(&self, after: Option<&EndpointId>) -> Result<RewrapPage> {
        let page = self.0.parts.events.rewrap_page(after, PAGE).await?;
        Ok(RewrapPage {
            secrets: page.rewrapped,
            unopened_secrets: page.damaged,
            next: page
                .next
                .map(|last| RewrapCursor(After::Secret(Some(last)))),
            ..RewrapPage::default()
        })
    }
}

/// The id after which the page begins, or `whe_` for the first of the secrets.
impl fmt::Display for RewrapCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            After::Token(id) => id.fmt(f),
            After::Secret(Some(id)) => id.fmt(f),
            After::Secret(None) => f.write_str(FIRST_SECRET),
        }
    }
}

impl FromStr for RewrapCursor {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Ok(Self(if text == FIRST_SECRET {
            After::Secret(None)
        } else if text.starts_with(FIRST_SECRET) {
            After::Secret(Some(text.parse()?))
        } else {
            After::Token(text.parse()?)
        }))
    }
}

impl Serialize for RewrapCursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Few enough that the webhook path does not wait for the write.
const PAGE: u32 = 100;
/// What every endpoint's id begins with.
const FIRST_SECRET: &str = "whe_";
