//! Every setting there is, once: flags, variables, the file's keys, the help and the errors all come from this table.

/// One thing that the server can be told.
pub(crate) struct Setting {
    /// `--<key>`, `MEMBERPASS_<KEY>`, and the key in the file.
    pub(crate) key: &'static str,
    /// What a value looks like, for help and errors.
    pub(crate) shape: &'static str,
    pub(crate) help: &'static str,
    /// `None`: nothing, or something that follows from other settings.
    pub(crate) default: Option<&'static str>,
    /// May hold a password, so it is not shown.
    pub(crate) secret: bool,
}

impl Setting {
    /// The variable of this setting.
    pub(crate) fn variable(&self) -> String {
        format!(
            "MEMBERPASS_{}",
            self.key.to_ascii_uppercase().replace('-', "_")
        )
    }
}

const fn setting(
    key: &'static str,
    shape: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting {
        key,
        shape,
        help,
        default,
        secret: false,
    }
}

pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "allow-private-targets",
        "true or false",
        Some("false"),
        "Whether events may be sent to private addresses and over plain http; for services in the same network, where nobody else may name targets",
    ),
    setting(
        "bot-api-url",
        "a URL such as https://api.telegram.org",
        Some("https://api.telegram.org"),
        "Where the Bot API is: Telegram's, a local Bot API server, or the simulator",
    ),
    setting(
        "config",
        "a path",
        None,
        "A TOML file with any of these settings",
    ),
    setting(
        "data-dir",
        "a path",
        Some("memberpass-data"),
        "Holds memberpass.db, requests.db, master.key and api-token; made at the first start",
    ),
    Setting {
        key: "database-url",
        shape: "sqlite:<path> or postgres://user:password@host:5432/name",
        help: "The database; memberpass.db in the data directory unless given",
        default: None,
        secret: true,
    },
    setting(
        "greeting",
        "on or off",
        Some("on"),
        "Whether bots whose project has told them nothing greet, and answer politely what nobody else answers",
    ),
    setting(
        "keep-failed-days",
        "a number of days from 1 to 3650",
        Some("30"),
        "How long updates that failed for good, and requests that could not be read, are kept to be looked at and handled again",
    ),
    setting(
        "log-filter",
        "directives such as info or warn,webhook_ingress=debug",
        Some("info"),
        "What is logged",
    ),
    setting(
        "log-format",
        "human or json",
        Some("human"),
        "How it is logged",
    ),
    setting(
        "master-key",
        "a path",
        None,
        "The key ring's file; master.key in the data directory unless given",
    ),
    setting(
        "private-listen",
        "an address such as 127.0.0.1:8080",
        Some("127.0.0.1:8080"),
        "Where the API listens; not for the internet",
    ),
    setting(
        "public-listen",
        "an address such as 127.0.0.1:8081",
        Some("127.0.0.1:8081"),
        "Where Telegram's requests arrive, behind a proxy that terminates HTTPS",
    ),
    setting(
        "public-url",
        "a URL such as https://bots.example.com",
        None,
        "The address under which Telegram reaches the public listener",
    ),
    setting(
        "shutdown-seconds",
        "a number of seconds",
        Some("20"),
        "How long updates that are being handled may take to end when the server stops",
    ),
    setting(
        "telegram-test-dc",
        "true or false",
        Some("false"),
        "Uses Telegram's test environment",
    ),
];
