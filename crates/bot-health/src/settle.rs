//! What an inspection came to is written down: the standing, the change and the event of it in one transaction, or none of them.

use std::sync::Arc;

use clock::Timestamp;
use connection_directory::Connection;
use platform_events::{BotEvent, BotStatus, NewEvent};
use store::Connection as Link;

use crate::damping::{Change, Publication, Standing};
use crate::error::Result;
use crate::figures::count;
use crate::row::Row;
use crate::table::{self, ChangeRow};
use crate::verdict::{Decision, Verdict};
use crate::watch::Watch;

/// What was written.
pub(crate) struct Settled {
    pub(crate) row: Row,
    pub(crate) change: Option<Change>,
}

/// Hears a decision. In a task of its own: what follows a commit must not depend on whether anybody still waits for it.
pub(crate) async fn settle(
    watch: &Arc<Watch>,
    record: &Connection,
    decision: &Decision,
    at: Timestamp,
) -> Result<Settled> {
    let work = Work {
        watch: Arc::clone(watch),
        record: record.clone(),
        decision: decision.clone(),
        at,
    };
    match tokio::spawn(work.done()).await {
        Ok(settled) => settled,
        // The runtime ends, and with it whoever asked.
        Err(_) => std::future::pending().await,
    }
}

struct Work {
    watch: Arc<Watch>,
    record: Connection,
    decision: Decision,
    at: Timestamp,
}

impl Work {
    async fn done(self) -> Result<Settled> {
        let mut link = self.watch.parts.database.connect().await?;
        let found = table::find(&mut link, &self.record.id).await?;
        let (heard, change) = self.hear(found.clone())?;
        if change.is_none() && self.is_nothing_new(found, &heard)? {
            let mut state = self.watch.state();
            state.looked.insert(self.record.id.clone(), heard.clone());
            return Ok(Settled { row: heard, change });
        }
        #[cfg(feature = "failpoints")]
        fail::fail_point!("health-before-change", |_| std::process::abort());
        let written = link.transaction(async |link| self.write(link).await).await;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("health-after-change", |_| std::process::abort());
        let settled = written?;
        self.tell(&settled);
        Ok(settled)
    }

    /// Whether only the time of the look is to be written, which has time.
    fn is_nothing_new(&self, found: Option<Row>, heard: &Row) -> Result<bool> {
        let standing = heard.standing()?;
        Ok(match found {
            None => standing == Standing::new(self.at),
            Some(found) if standing.told.is_degraded() => found.is_but_for_time(heard),
            Some(found) => found.standing()? == standing,
        })
    }

    /// What the row says after this, and the change that this is.
    fn hear(&self, found: Option<Row>) -> Result<(Row, Option<Change>)> {
        let Self { record, at, .. } = self;
        let mut row = found.unwrap_or_else(|| {
            let (id, project) = (record.id.clone(), record.project.clone());
            Row::new(id, project, &Standing::new(*at), *at)
        });
        let mut standing = row.standing()?;
        let change = standing.hear(&self.decision, *at);
        row.put(&standing);
        row.looked_at_us = row.looked_at_us.max(at.unix_us());
        if let Some(verdict) = self.decision.verdict()
            && verdict.code == standing.told
        {
            row.explain(verdict);
        }
        Ok((row, change))
    }

    /// Once more, in the transaction: what was read before may be old.
    async fn write(&self, link: &mut Link) -> Result<Settled> {
        let found = table::find(link, &self.record.id).await?;
        let is_new = found.is_none();
        let (mut row, change) = self.hear(found)?;
        if let Some(change) = &change {
            row.changes += 1;
            let sentence = self.decision.verdict().map(sentence).unwrap_or_default();
            table::add_change(link, change_row(&row, change, sentence)).await?;
            if let Some(event) = self.event(change) {
                self.watch.parts.events.append(link, &event).await?;
            }
        }
        table::save(link, &row, is_new).await?;
        Ok(Settled { row, change })
    }

    fn event(&self, change: &Change) -> Option<NewEvent> {
        let (status, reason) = match change.publication()? {
            Publication::Healthy => (BotStatus::Healthy, None),
            Publication::Degraded(code) => (BotStatus::Degraded, Some(code.as_str().into())),
        };
        Some(NewEvent {
            project: self.record.project.clone(),
            what: BotEvent::StatusChanged {
                bot: self.record.id.clone(),
                status,
                reason,
            },
        })
    }

    /// After the commit.
    fn tell(&self, settled: &Settled) {
        let (connection, mut state) = (&self.record.id, self.watch.state());
        state.looked.remove(connection);
        let Some(change) = &settled.change else {
            return;
        };
        state.rota.set(connection.to_bits(), change.to);
        drop(state);
        self.watch.parts.events.wake();
        count(&self.watch.counters.changes);
        let (from, to) = (change.from.as_str(), change.to.as_str());
        tracing::info!(%connection, project = %self.record.project, from, to, "how a bot stands has changed");
    }
}

fn sentence(verdict: &Verdict) -> String {
    verdict.sentence.clone()
}

fn change_row(row: &Row, change: &Change, sentence: String) -> ChangeRow {
    ChangeRow {
        connection_id: row.connection_id.clone(),
        number: row.changes,
        project_id: row.project_id.clone(),
        at_us: change.at.unix_us(),
        from_code: change.from.as_str().to_owned(),
        to_code: change.to.as_str().to_owned(),
        sentence,
    }
}
