//! A connection's standing as the database holds it.

use clock::Timestamp;
use diesel::prelude::*;
use ids::{ConnectionId, ProjectId};

use crate::damping::Standing;
use crate::error::{Error, Result};
use crate::schema::bot_health;
use crate::verdict::{Verdict, VerdictCode};

#[derive(AsChangeset, Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = bot_health, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
#[diesel(primary_key(connection_id), treat_none_as_null = true)]
pub(crate) struct Row {
    pub(crate) connection_id: ConnectionId,
    pub(crate) project_id: ProjectId,
    code: String,
    since_us: i64,
    sentence: String,
    fix: String,
    pub(crate) looked_at_us: i64,
    waiting_code: Option<String>,
    waiting_since_us: Option<i64>,
    change_1_us: Option<i64>,
    change_2_us: Option<i64>,
    change_3_us: Option<i64>,
    doublings: i64,
    /// How many changes were written.
    pub(crate) changes: i64,
}

impl Row {
    /// Of a connection of which nothing was told yet.
    pub(crate) fn new(
        connection: ConnectionId,
        project: ProjectId,
        standing: &Standing,
        now: Timestamp,
    ) -> Self {
        let mut row = Self {
            connection_id: connection,
            project_id: project,
            code: String::new(),
            since_us: 0,
            sentence: String::new(),
            fix: String::new(),
            looked_at_us: now.unix_us(),
            waiting_code: None,
            waiting_since_us: None,
            change_1_us: None,
            change_2_us: None,
            change_3_us: None,
            doublings: 0,
            changes: 0,
        };
        row.put(standing);
        row
    }

    /// What was told and heard.
    pub(crate) fn standing(&self) -> Result<Standing> {
        let waiting = match (&self.waiting_code, self.waiting_since_us) {
            (Some(waiting), Some(since)) => Some((
                code(waiting, "waiting_code")?,
                Timestamp::from_unix_us(since),
            )),
            _ => None,
        };
        let changes = [self.change_1_us, self.change_2_us, self.change_3_us];
        Ok(Standing {
            told: code(&self.code, "code")?,
            told_at: Timestamp::from_unix_us(self.since_us),
            waiting,
            changes: changes.map(|at| at.map(Timestamp::from_unix_us)),
            doublings: u8::try_from(self.doublings).unwrap_or(u8::MAX),
        })
    }

    /// Takes over what was told and heard.
    pub(crate) fn put(&mut self, standing: &Standing) {
        let us = |at: Option<Timestamp>| at.map(Timestamp::unix_us);
        let [first, second, third] = standing.changes;
        self.code = standing.told.as_str().to_owned();
        self.since_us = standing.told_at.unix_us();
        self.waiting_code = standing.waiting.map(|(code, _)| code.as_str().to_owned());
        self.waiting_since_us = standing.waiting.map(|(_, since)| since.unix_us());
        self.change_1_us = us(first);
        self.change_2_us = us(second);
        self.change_3_us = us(third);
        self.doublings = standing.doublings.into();
    }

    /// Takes over the words of the verdict that is told now.
    pub(crate) fn explain(&mut self, verdict: &Verdict) {
        self.sentence.clone_from(&verdict.sentence);
        self.fix.clone_from(&verdict.fix);
    }

    /// The verdict that was told last.
    pub(crate) fn verdict(&self) -> Result<Verdict> {
        Ok(Verdict {
            code: code(&self.code, "code")?,
            since: Some(Timestamp::from_unix_us(self.since_us)),
            sentence: self.sentence.clone(),
            fix: self.fix.clone(),
            evidence: Vec::new(),
        })
    }

    /// Whether both are the same, but for when somebody looked.
    pub(crate) fn is_but_for_time(&self, other: &Self) -> bool {
        let looked_at_us = other.looked_at_us;
        let same = Self {
            looked_at_us,
            ..self.clone()
        };
        same == *other
    }

    pub(crate) fn looked_at(&self) -> Timestamp {
        Timestamp::from_unix_us(self.looked_at_us)
    }
}

/// A code as it is stored.
pub(crate) fn code(name: &str, column: &'static str) -> Result<VerdictCode> {
    name.parse().map_err(|_| Error::Damaged { column })
}
