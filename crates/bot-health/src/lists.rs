//! What is stored, as others read it.

use clock::Timestamp;
use ids::{ConnectionId, ProjectId};

use crate::error::Result;
use crate::row::{Row, code};
use crate::table::{self, ChangeRow};
use crate::verdict::VerdictCode;
use crate::watch::Watch;

/// How a bot stands, as it was told last. One that nobody has looked at yet has none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BotStanding {
    /// Whose.
    pub connection: ConnectionId,
    /// Whose bot it is.
    pub project: ProjectId,
    /// What is the matter.
    pub code: VerdictCode,
    /// Since when that has been told.
    pub since: Timestamp,
    /// When somebody last looked.
    pub looked_at: Timestamp,
    /// What is the matter, in one plain sentence.
    pub sentence: String,
    /// What to do about it, in one sentence.
    pub fix: String,
    /// What was seen since, and is told when it lasts.
    pub unconfirmed: Option<VerdictCode>,
}

/// A change of how a bot stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BotChange {
    /// Counts the connection's changes, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What was told before.
    pub from: VerdictCode,
    /// What is told since.
    pub to: VerdictCode,
    /// What was the matter, in one plain sentence.
    pub sentence: String,
}

/// Which standings to list.
#[derive(Clone, Debug)]
pub struct StandingsPage<'a> {
    /// At one of these codes; all of them when there is none.
    pub codes: &'a [VerdictCode],
    /// After this connection.
    pub after: Option<&'a ConnectionId>,
    /// How many at most.
    pub limit: u32,
}

/// Which changes to list, the latest first.
#[derive(Clone, Copy, Debug)]
pub struct ChangesPage {
    /// Before the change of this number; the latest when absent.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: u32,
}

pub(crate) async fn standings_of(watch: &Watch, ids: &[ConnectionId]) -> Result<Vec<BotStanding>> {
    let rows = table::find_all(&mut watch.parts.database.connect().await?, ids).await?;
    Ok(fresh(watch, rows))
}

pub(crate) async fn standings(watch: &Watch, page: &StandingsPage<'_>) -> Result<Vec<BotStanding>> {
    let codes = match page.codes {
        [] => &VerdictCode::ALL,
        codes => codes,
    };
    let after = page.after.map_or("", ConnectionId::as_str);
    let mut link = watch.parts.database.connect().await?;
    let rows = table::list(&mut link, codes, after, page.limit.into()).await?;
    Ok(fresh(watch, rows))
}

pub(crate) async fn changes(
    watch: &Watch,
    connection: &ConnectionId,
    page: ChangesPage,
) -> Result<Vec<BotChange>> {
    let before = page.before.and_then(|number| i64::try_from(number).ok());
    let before = before.unwrap_or(i64::MAX);
    let mut link = watch.parts.database.connect().await?;
    let rows = table::changes(&mut link, connection, before, page.limit.into()).await?;
    rows.into_iter().map(change).collect()
}

/// With the times of looks that are not written down yet. A row that cannot be read is left out: it must not hide the others.
fn fresh(watch: &Watch, rows: Vec<Row>) -> Vec<BotStanding> {
    let state = watch.state();
    let rows = rows.into_iter().filter_map(|row| {
        let looked = state.looked.get(&row.connection_id);
        let looked_at = looked.map_or(row.looked_at(), |looked| looked.looked_at());
        standing(row, looked_at)
            .inspect_err(|error| {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "how a bot stands cannot be read"
                );
            })
            .ok()
    });
    rows.collect()
}

fn standing(row: Row, looked_at: Timestamp) -> Result<BotStanding> {
    let (standing, verdict) = (row.standing()?, row.verdict()?);
    Ok(BotStanding {
        connection: row.connection_id,
        project: row.project_id,
        code: standing.told,
        since: standing.told_at,
        looked_at,
        sentence: verdict.sentence,
        fix: verdict.fix,
        unconfirmed: standing.waiting.map(|(code, _)| code),
    })
}

fn change(row: ChangeRow) -> Result<BotChange> {
    Ok(BotChange {
        number: u64::try_from(row.number).unwrap_or_default(),
        at: Timestamp::from_unix_us(row.at_us),
        from: code(&row.from_code, "from_code")?,
        to: code(&row.to_code, "to_code")?,
        sentence: row.sentence,
    })
}
