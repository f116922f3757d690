//! Master keys over HTTP: what refers to each, and the steps of a rotation. Never their material.

mod explained;
mod shown;

use std::time::Duration;

use clock::Clock;
use http::StatusCode;
use key_rotation::{KeyRotation, RewrapCursor, RewrapPage};
use serde::Serialize;

use self::explained::explain;
use self::shown::{ShownRewrap, ShownStatus};
use crate::answer;
use crate::asked::{Answer, Asked};
use crate::calls::KeysCall;
use crate::query::Query;
use crate::tokens::Ability;

#[derive(Clone)]
pub(crate) struct Keys {
    keys: KeyRotation,
    clock: Clock,
}

impl Keys {
    pub(crate) fn new(keys: KeyRotation, clock: Clock) -> Self {
        Self { keys, clock }
    }

    pub(crate) async fn answer(&self, call: KeysCall, asked: Asked<'_>) -> Answer {
        let known: &[&str] = match call {
            KeysCall::Rewrap => &["cursor"],
            _ => &[],
        };
        let query = Query::read(asked.query, known)?;
        asked.of_whole_server(Ability::KeysManage)?;
        let keys = &self.keys;
        match call {
            KeysCall::Add => done(keys.add().await, asked),
            KeysCall::Promote(key) => done(keys.promote(key).await, asked),
            KeysCall::Reload => done(keys.reload().await, asked),
            KeysCall::Retire(key) => done(keys.retire(key).await, asked),
            KeysCall::Rewrap => self.rewrap(query.cursor()?, asked).await,
            KeysCall::Status => {
                let status = keys
                    .status()
                    .await
                    .map_err(|error| explain(&error, asked.id))?;
                let shown = ShownStatus::of(&status);
                Ok(answer::data(StatusCode::OK, &shown, asked.id))
            }
        }
    }

    /// A share of the work: some pages, for about two seconds. Whoever asked asks again with the cursor, until there is none.
    async fn rewrap(&self, after: Option<RewrapCursor>, asked: Asked<'_>) -> Answer {
        let until = self.clock.elapsed() + SHARE;
        let mut done = RewrapPage {
            next: after,
            ..RewrapPage::default()
        };
        for _ in 0..PAGES {
            let page = self.keys.rewrap_page(done.next.as_ref()).await;
            let page = page.map_err(|error| explain(&error, asked.id))?;
            done.tokens += page.tokens;
            done.secrets += page.secrets;
            done.busy += page.busy;
            done.unopened_tokens.extend(page.unopened_tokens);
            done.unopened_secrets += page.unopened_secrets;
            done.next = page.next;
            if done.next.is_none() || self.clock.elapsed() >= until {
                break;
            }
        }
        let shown = ShownRewrap::of(&done);
        Ok(answer::data(StatusCode::OK, &shown, asked.id))
    }
}

/// What a step says of itself: ids of keys, and whether anything changed.
fn done(step: key_rotation::Result<impl Serialize>, asked: Asked<'_>) -> Answer {
    let step = step.map_err(|error| explain(&error, asked.id))?;
    Ok(answer::data(StatusCode::OK, &step, asked.id))
}

const SHARE: Duration = Duration::from_secs(2);
const PAGES: usize = 50;
