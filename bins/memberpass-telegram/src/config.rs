//! What the server is told: flags, then `MEMBERPASS_*` variables, then a TOML file, then defaults. Parsed into types
//! before a socket opens; nothing else in the workspace reads the environment.

mod settings;
mod sources;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use bot_connection::PublicUrl;
use store::DatabaseUrl;
use telegram_bot_api::ApiRoot;

pub(crate) use self::settings::SETTINGS;
pub(crate) use self::sources::Sources;

/// Everything the server can be told, in types.
pub(crate) struct Config {
    /// Whether events may be sent into private networks.
    pub(crate) allow_private_targets: bool,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: DatabaseUrl,
    pub(crate) requests_database: DatabaseUrl,
    pub(crate) master_key: PathBuf,
    /// The operator named the key file, so a missing one is a mistake and not a first start.
    pub(crate) master_key_was_named: bool,
    pub(crate) public_listen: SocketAddr,
    pub(crate) private_listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) api_root: ApiRoot,
    /// Not Telegram's own address: a local Bot API server or a simulator.
    pub(crate) custom_bot_api: bool,
    pub(crate) test_dc: bool,
    pub(crate) greeting: bool,
    /// How long updates that failed are kept.
    pub(crate) keep_failed: Duration,
    pub(crate) shutdown_deadline: Duration,
    pub(crate) log: LogConfig,
}

pub(crate) struct LogConfig {
    pub(crate) json: bool,
    pub(crate) filter: String,
}

impl Config {
    /// # Errors
    /// A sentence that names the key, where its value came from, the value's shape and the fix.
    pub(crate) fn from_sources(sources: &Sources) -> anyhow::Result<Self> {
        let data_dir: PathBuf = sources.parse("data-dir")?;
        let in_data_dir = |name: &str| -> anyhow::Result<DatabaseUrl> {
            let path = data_dir.join(name);
            let path = path
                .to_str()
                .context("`data-dir` must be a path in UTF-8")?;
            Ok(format!("sqlite:{path}").parse()?)
        };
        let database = match sources.parse_optional::<DatabaseUrl>("database-url")? {
            Some(url) => url,
            None => in_data_dir("memberpass.db")?,
        };
        let requests_database = if database.sqlite_file().is_some() {
            in_data_dir("requests.db")?
        } else {
            database.clone()
        };
        let private_listen = sources.parse("private-listen")?;
        let public_listen = sources.parse("public-listen")?;
        anyhow::ensure!(
            are_apart(private_listen, public_listen),
            "`public-listen` ({public_listen}) and `private-listen` ({private_listen}) are one: \
             give them different ports, so that the internet never reaches the private one"
        );
        let master_key: Option<PathBuf> = sources.parse_optional("master-key")?;
        Ok(Self {
            allow_private_targets: sources.parse("allow-private-targets")?,
            database,
            requests_database,
            master_key_was_named: master_key.is_some(),
            master_key: master_key.unwrap_or_else(|| data_dir.join("master.key")),
            data_dir,
            public_listen,
            private_listen,
            public_url: sources.parse_optional("public-url")?,
            api_root: sources.parse("bot-api-url")?,
            custom_bot_api: !sources.is_default("bot-api-url"),
            test_dc: sources.parse("telegram-test-dc")?,
            greeting: sources.one_of("greeting", &["off", "on"])? == "on",
            keep_failed: days(sources.parse("keep-failed-days")?)?,
            shutdown_deadline: Duration::from_secs(sources.parse("shutdown-seconds")?),
            log: LogConfig {
                json: sources.one_of("log-format", &["human", "json"])? == "json",
                filter: sources.parse("log-filter")?,
            },
        })
    }
}

fn days(days: u32) -> anyhow::Result<Duration> {
    anyhow::ensure!(
        (1..=3_650).contains(&days),
        "`keep-failed-days` ({days}) must be from 1 to 3650: what failed can only be handled again while it is kept"
    );
    Ok(Duration::from_secs(u64::from(days) * 24 * 3_600))
}

/// Whether two listeners do not meet: on one port, an unspecified address is every address. Port 0 is a free one each time.
fn are_apart(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != other.port() || one.port() == 0 || !(everywhere || one.ip() == other.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_listeners_on_one_port_meet_where_their_addresses_do() {
        let apart =
            |one: &str, other: &str| are_apart(one.parse().unwrap(), other.parse().unwrap());
        assert!(!apart("127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(!apart("127.0.0.1:8080", "0.0.0.0:8080"));
        assert!(apart("127.0.0.1:8080", "127.0.0.1:8081"));
        assert!(apart("127.0.0.1:8080", "127.0.0.2:8080"));
        assert!(apart("127.0.0.1:0", "127.0.0.1:0"));
    }
}
