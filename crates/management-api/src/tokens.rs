//! API tokens: minted, shown once, kept as a hash, listed, revoked.

mod ability;
mod secret;

use clock::{Clock, Entropy, Timestamp};
use diesel::prelude::*;
use ids::{ApiTokenId, ProjectId};
use store::{Columns as _, Database};

pub use self::ability::{Abilities, Ability, UnknownAbility};
pub use self::secret::{Environment, PlainToken};

/// The API tokens of this database. Cheap to clone.
#[derive(Clone)]
pub struct ApiTokens {
    database: Database,
    environment: Environment,
    clock: Clock,
    entropy: Entropy,
}

/// A token as it is listed: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// The part of the token that is not secret.
    pub id: ApiTokenId,
    /// What it is for, in the words of whoever minted it.
    pub label: String,
    /// What its bearer may do.
    pub abilities: Abilities,
    /// The one project it is good for; all of them when `None`.
    pub project: Option<ProjectId>,
    /// When it was minted.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl ApiTokens {
    /// The tokens kept in a database whose migrations have run.
    #[must_use]
    pub fn new(
        database: Database,
        environment: Environment,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        Self {
            database,
            environment,
            clock,
            entropy,
        }
    }

    /// Makes a token and answers with it: the only time that its secret is shown.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn mint(
        &self,
        label: &str,
        abilities: Abilities,
        project: Option<ProjectId>,
    ) -> Result<PlainToken, store::Error> {
        self.mint_kept(label, abilities, project, |_| Ok(())).await
    }

    /// The same for a token that must not be lost: `keep` puts it somewhere before it is good for anything, so that none is ever
    /// good that nobody has.
    ///
    /// # Errors
    /// What `keep` answers, and then there is no such token; or when the database cannot be written.
    pub async fn mint_kept<E: From<store::Error>>(
        &self,
        label: &str,
        abilities: Abilities,
        project: Option<ProjectId>,
        keep: impl FnOnce(&PlainToken) -> Result<(), E>,
    ) -> Result<PlainToken, E> {
        let now = self.clock.now();
        let id = ApiTokenId::from_parts(now.unix_ms(), self.entropy.bytes());
        let plain = PlainToken::new(self.environment, &id, &self.entropy.bytes());
        let row = Row {
            id,
            label: label.to_owned(),
            secret_sha256: plain.hash().to_vec(),
            abilities: abilities.to_string(),
            project_id: project,
            created_at_us: now.unix_us(),
            revoked_at_us: None,
        };
        keep(&plain)?;
        let mut connection = self.database.connect().await?;
        connection
            .run(diesel::insert_into(api_tokens::table).values(row))
            .await?;
        Ok(plain)
    }

    /// The token that a bearer presents, unless it is unknown, altered or revoked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify(&self, presented: &str) -> Result<Option<ApiToken>, store::Error> {
        let Some(plain) = PlainToken::parse(presented, self.environment) else {
            return Ok(None);
        };
        let found = api_tokens::table
            .find(plain.id().clone())
            .select(Row::columns());
        let row = self
            .database
            .connect()
            .await?
            .fetch_optional::<Row, _>(found)
            .await?;
        Ok(row
            .filter(|row| row.revoked_at_us.is_none() && plain.matches(&row.secret_sha256))
            .map(Row::into_token))
    }

    /// Every token ever minted, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(&self) -> Result<Vec<ApiToken>, store::Error> {
        let all = api_tokens::table
            .order(api_tokens::id)
            .select(Row::columns());
        let rows = self.database.connect().await?.fetch::<Row, _>(all).await?;
        Ok(rows.into_iter().map(Row::into_token).collect())
    }

    /// Makes a token useless from now on; answers whether there was one to revoke.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke(&self, id: &ApiTokenId) -> Result<bool, store::Error> {
        let live = api_tokens::table
            .find(id.clone())
            .filter(api_tokens::revoked_at_us.is_null());
        let revoked =
            diesel::update(live).set(api_tokens::revoked_at_us.eq(self.clock.now().unix_us()));
        Ok(self.database.connect().await?.run(revoked).await? == 1)
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
struct Row {
    id: ApiTokenId,
    label: String,
    secret_sha256: Vec<u8>,
    abilities: String,
    project_id: Option<ProjectId>,
    created_at_us: i64,
    revoked_at_us: Option<i64>,
}

impl Row {
    fn into_token(self) -> ApiToken {
        ApiToken {
            id: self.id,
            label: self.label,
            abilities: Abilities::from_stored(&self.abilities),
            project: self.project_id,
            created_at: Timestamp::from_unix_us(self.created_at_us),
            revoked_at: self.revoked_at_us.map(Timestamp::from_unix_us),
        }
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Text,
        label -> Text,
        secret_sha256 -> Binary,
        abilities -> Text,
        project_id -> Nullable<Text>,
        created_at_us -> BigInt,
        revoked_at_us -> Nullable<BigInt>,
    }
}
