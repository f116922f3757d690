//! A data directory as a server has it after bots were connected, made without Telegram by the crates that own what is in it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clock::{Clock, Entropy};
use connection_directory::{Connection, Directory, Status};
use diesel::prelude::*;
use diesel::sql_query;
use ids::{ConnectionId, Generation, ProjectId, TelegramBotId, TokenVersion};
use key_ring::KeyRing;
use store::{Database, DatabaseUrl};
use telegram_bot_api::Envelope;
use token_vault::{TokenContext, TokenVault};
use tokio::task::JoinSet;
use update_inbox::{Inbox, InboxConfig, Receipt, Received};
use webhook_secret::{Registration, WebhookSecrets};

use crate::answer::head_length;
use crate::traffic::{Head, Traffic};

/// A bot that is connected.
#[derive(Clone)]
pub(crate) struct Bot {
    pub(crate) connection: ConnectionId,
    pub(crate) path: String,
    pub(crate) secret_token: String,
}

impl Bot {
    pub(crate) fn head(&self) -> Head {
        Head::new(&self.path, &self.secret_token)
    }
}

/// Has the server make the directory's databases, so that an older one can be measured too, and connects so many bots.
pub(crate) async fn bots(server: &Path, data: &Path, count: usize) -> Result<Vec<Bot>> {
    let made = Command::new(server)
        .args(["migrate", "--data-dir"])
        .arg(data)
        .output()?;
    ensure!(
        made.status.success(),
        "no databases: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let ring = KeyRing::create(&data.join("master.key"), &entropy)?;
    let database = Database::open(&main_database(data), 2).await?;
    let directory = Directory::open(database.clone(), clock.clone());
    directory.key_checks_verify(&ring).await?;
    let maker = Maker {
        secrets: WebhookSecrets::new(&ring),
        vault: TokenVault::new(&ring, entropy.clone()),
        ring,
        clock,
        entropy,
    };
    let (record, first) = maker.bot(0)?;
    directory.connection_insert(&record).await?;
    let mut bots = vec![first];
    let mut link = database.connect().await?;
    link.run(sql_query(
        "CREATE TEMPORARY TABLE pattern AS SELECT * FROM connections",
    ))
    .await?;
    link.transaction(async |link| {
        for number in 1..count {
            let (record, bot) = maker.bot(number)?;
            copy(link, &record).await?;
            bots.push(bot);
        }
        anyhow::Ok(())
    })
    .await?;
    Ok(bots)
}

diesel::table! {
    /// A record of a connection, to be copied with other ids.
    pattern (id) {
        id -> Text,
        project_id -> Text,
        telegram_bot_id -> BigInt,
        sealed_token -> Nullable<Binary>,
    }
}

/// Adds a record that differs from the first in these columns only. Each by itself would wait for the disk.
async fn copy(link: &mut store::Connection, record: &Connection) -> Result<()> {
    let change = diesel::update(pattern::table).set((
        pattern::id.eq(record.id.as_str().to_owned()),
        pattern::project_id.eq(record.project.as_str().to_owned()),
        pattern::telegram_bot_id.eq(record.telegram_bot_id.value()),
        pattern::sealed_token.eq(record
            .sealed_token
            .as_ref()
            .map(|token| token.as_bytes().to_vec())),
    ));
    link.run(change).await?;
    link.run(sql_query("INSERT INTO connections SELECT * FROM pattern"))
        .await?;
    Ok(())
}

/// Adds updates that were acknowledged and not handled, as a server that was killed would leave them.
pub(crate) async fn pending(
    data: &Path,
    bots: &[Bot],
    traffic: &mut Traffic,
    count: usize,
) -> Result<()> {
    let clock = Clock::system();
    let database = Database::open(&main_database(data), 2).await?;
    let config = InboxConfig {
        commit_rows: 2_000,
        ..InboxConfig::default()
    };
    let inbox = Inbox::start(config, database, clock.clone()).await?;
    let mut sent = 0;
    while sent < count {
        // As many at once as make a commit. Each lane is met once in them, so that its order is that of its ids.
        let group = 2_000.min(count - sent).min(bots.len());
        let mut waiting = JoinSet::new();
        for _ in 0..group {
            let mut request = Vec::new();
            let lane = traffic.next(&mut request).unwrap_or(0);
            let body = head_length(&request).context("a request without body")?;
            let body = Bytes::from(request).slice(body..);
            let connection = bots[lane % bots.len()].connection.clone();
            let received = Received::new(connection, &Envelope::read(&body)?, clock.now(), body);
            let inbox = inbox.clone();
            waiting.spawn(async move { inbox.receive(received).await });
        }
        for receipt in waiting.join_all().await {
            ensure!(receipt? == Receipt::Stored, "an update was there before");
        }
        sent += group;
    }
    inbox.close().await;
    Ok(())
}

fn main_database(data: &Path) -> DatabaseUrl {
    DatabaseUrl::of_sqlite_file(data.join("memberpass.db"))
}

struct Maker {
    ring: KeyRing,
    secrets: WebhookSecrets,
    vault: TokenVault,
    clock: Clock,
    entropy: Entropy,
}

impl Maker {
    fn bot(&self, number: usize) -> Result<(Connection, Bot)> {
        let now = self.clock.now();
        let id = ConnectionId::from_parts(now.unix_ms(), self.entropy.bytes());
        let project: ProjectId = format!("prj_bench{number}").parse()?;
        let telegram = TelegramBotId::new(100_000_000 + i64::try_from(number)?);
        let token = format!("{telegram}:{}", "AAbbccddeeffgghhiijjkkllmmnnooppqqr");
        ensure!(
            token.parse::<telegram_bot_api::BotToken>().is_ok(),
            "not shaped as a token"
        );
        let place = TokenContext {
            project: &project,
            telegram_bot_id: telegram,
            field: TokenContext::BOT_TOKEN,
            token_version: TokenVersion::FIRST,
        };
        let current = Registration {
            generation: Generation::new(1),
            key_id: self.ring.primary(),
        };
        let path = self
            .secrets
            .path(&id, current)
            .context("the ring has no key")?;
        let secret_token = self
            .secrets
            .token(&project, telegram, current)
            .context("the ring has no key")?;
        let bot = Bot {
            connection: id.clone(),
            path: path.expose().to_owned(),
            secret_token: secret_token.expose().to_owned(),
        };
        let sealed = self.vault.seal(&place, token.as_bytes());
        let mut record = Connection::connecting(id, project, telegram, self.ring.primary(), now);
        record.username = Some(format!("bench_{number}_bot"));
        record.name = Some(format!("Bench {number}"));
        record.status = Status::Active;
        record.step = "confirmed".to_owned();
        record.sealed_token = Some(sealed);
        record.current = current;
        record.registered_base_url = Some("https://bots.example.com".to_owned());
        record.connected_at = Some(now);
        Ok((record, bot))
    }
}
