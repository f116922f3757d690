//! Many bots at once, as fast as Telegram takes them: a bounded share of the work for each call, so that nothing has to be remembered
//! between two calls. Whoever imports sends what was not reached again.

mod items;
mod told;

use std::pin::pin;
use std::time::Duration;

use bot_connection::BotConnections;
use bytes::Bytes;
use clock::Clock;
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use http_body::Body;

use self::items::Item;
use self::told::Told;
use crate::asked::{Answer, Asked};
use crate::query::Query;
use crate::tokens::Ability;
use crate::{answer, body};

#[derive(Clone)]
pub(crate) struct Import {
    connections: BotConnections,
    clock: Clock,
}

impl Import {
    pub(crate) fn new(connections: BotConnections, clock: Clock) -> Self {
        Self { connections, clock }
    }

    /// Answers what became of some of the bots, in the time that a caller waits. Those that nothing is said of are to be sent again;
    /// what was begun for them goes on, and is found done then.
    pub(crate) async fn answer<B>(&self, body: B, asked: Asked<'_>) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Query::read(asked.query, &[])?;
        asked.of_whole_server(Ability::ProjectManage)?;
        let items = items::read(body::read(body, LIMIT_BYTES, &self.clock).await?)?;
        let total = items.len();
        let mut told = Vec::new();
        let mut good = Vec::new();
        for Item { project, token } in items {
            match token {
                Ok(token) => good.push((project, token)),
                Err(fault) => told.push(Told::unreadable(project, fault)),
            }
        }
        let until = self.clock.elapsed() + SHARE;
        let mut ended = pin!(self.connections.connect_many(stream::iter(good)));
        loop {
            let left = until.saturating_sub(self.clock.elapsed());
            match self.clock.timeout(left, ended.next()).await {
                Ok(Some(item)) => told.push(Told::of(item, asked.id)),
                Ok(None) | Err(_) => break,
            }
        }
        let (results, waiting) = (&told, total - told.len());
        let shown = told::Share { results, waiting };
        Ok(answer::data(StatusCode::OK, &shown, asked.id))
    }
}

const SHARE: Duration = Duration::from_secs(20);
const LIMIT_BYTES: usize = 64 * 1_024;
