use clap::Subcommand;
use clock::{Clock, Entropy};
use ids::{ApiTokenId, ProjectId};
use management_api::{Abilities, Ability, ApiTokens};
use store::{Database, Schema};

use crate::compose;
use crate::config::Config;
use crate::output::say;

#[derive(Subcommand)]
pub(super) enum Token {
    /// Makes a token and prints it, this once. Example: memberpass-telegram token mint --label dashboard --ability project:view
    Mint {
        /// What it is for.
        #[arg(long)]
        label: String,
        /// events:manage, events:view, keys:manage, project:manage, project:view or project:view-any; may be given several times. All of them when not given.
        #[arg(long)]
        ability: Vec<Ability>,
        /// The one project it is good for; all projects when not given.
        #[arg(long)]
        project: Option<ProjectId>,
    },
    /// Lists all tokens, without their secrets. Example: memberpass-telegram token list
    List,
    /// Makes a token useless. Example: memberpass-telegram token revoke 01JD…
    Revoke {
        /// The id, as `token list` shows it.
        id: ApiTokenId,
    },
}

pub(super) async fn run(token: Token, config: &Config) -> anyhow::Result<()> {
    let database = Database::open(&config.database, 1).await?;
    anyhow::ensure!(
        database
            .migrations(Schema::Main)
            .await?
            .iter()
            .all(|migration| migration.applied),
        "the database is not ready: start the server once, or run `memberpass-telegram migrate`"
    );
    let environment = compose::environment(config);
    let tokens = ApiTokens::new(database, environment, Clock::system(), Entropy::system());
    match token {
        Token::Mint {
            label,
            ability,
            project,
        } => {
            let abilities = if ability.is_empty() {
                Abilities::all()
            } else {
                ability.into_iter().collect()
            };
            say(tokens.mint(&label, abilities, project).await?.expose())?;
        }
        Token::List => list(&tokens).await?,
        Token::Revoke { id } => {
            anyhow::ensure!(
                tokens.revoke(&id).await?,
                "there is no token {id} that could be revoked"
            );
            say(format_args!("revoked {id}"))?;
        }
    }
    Ok(())
}

async fn list(tokens: &ApiTokens) -> anyhow::Result<()> {
    for token in tokens.list().await? {
        let project = token
            .project
            .as_ref()
            .map_or("all projects", ProjectId::as_str);
        let state = if token.revoked_at.is_some() {
            "revoked"
        } else {
            "good"
        };
        say(format_args!(
            "{}  {state}  {project}  {}  {}",
            token.id, token.abilities, token.label
        ))?;
    }
    Ok(())
}
