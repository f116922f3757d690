//! Where a value came from, and how it is said when it cannot be used.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, anyhow, bail};
use serde::Serialize;

use super::settings::{SETTINGS, Setting};

/// The values given, by key, and who gave them.
pub(crate) struct Sources {
    given: BTreeMap<&'static str, Given>,
}

struct Given {
    value: String,
    from: String,
}

/// One line of `config show`.
#[derive(Serialize)]
pub(crate) struct Shown {
    pub(crate) key: &'static str,
    pub(crate) value: Option<String>,
    pub(crate) from: String,
}

impl Sources {
    /// Reads what the flags did not say from the environment, and what neither said from the file.
    ///
    /// # Errors
    /// A key that does not exist or a value that is no text, in the environment or the file, or a file that cannot be read.
    pub(crate) fn read(
        flags: BTreeMap<&'static str, String>,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> anyhow::Result<Self> {
        let mut sources = Self {
            given: BTreeMap::new(),
        };
        for (key, value) in flags {
            sources.add(key, value, format!("--{key}"));
        }
        // What is no text cannot be a name of ours; one that begins like them is told as unknown.
        let environment =
            environment.map(|(name, value)| (name.to_string_lossy().into_owned(), value));
        for (variable, value) in environment.filter(|(name, _)| is_ours(name)) {
            let setting = SETTINGS
                .iter()
                .find(|setting| setting.variable() == variable);
            let setting = setting.ok_or_else(|| unknown(&variable, &variables()))?;
            let value = value.into_string().map_err(|_| {
                anyhow!(
                    "the value of {variable} is not UTF-8. It must be {}.",
                    setting.shape
                )
            })?;
            sources.add(setting.key, value, variable);
        }
        if let Some(file) = sources.given.get("config") {
            let path = file.value.clone();
            sources.add_file(Path::new(&path))?;
        }
        Ok(sources)
    }

    /// A setting that has a default.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, key: &'static str) -> anyhow::Result<T> {
        self.parse_optional(key)?
            .ok_or_else(|| anyhow!("`{key}` must be given"))
    }

    pub(crate) fn parse_optional<T: FromStr<Err: Display>>(
        &self,
        key: &'static str,
    ) -> anyhow::Result<Option<T>> {
        let setting = lookup(key)?;
        let (value, from) = match (self.given.get(key), setting.default) {
            (Some(given), _) => (given.value.as_str(), given.from.as_str()),
            (None, Some(default)) => (default, "the default"),
            (None, None) => return Ok(None),
        };
        if value.is_empty() {
            return Err(refuse(setting, from, value, &"this is empty"));
        }
        value
            .parse()
            .map(Some)
            .map_err(|error| refuse(setting, from, value, &error))
    }

    pub(crate) fn one_of(&self, key: &'static str, words: &[&str]) -> anyhow::Result<String> {
        let value: String = self.parse(key)?;
        if words.contains(&value.as_str()) {
            return Ok(value);
        }
        let from = self
            .given
            .get(key)
            .map_or("the default", |given| given.from.as_str());
        Err(refuse(lookup(key)?, from, &value, &"this is neither"))
    }

    pub(crate) fn is_default(&self, key: &str) -> bool {
        !self.given.contains_key(key)
    }

    /// Every setting with its value and where that came from; secrets are not shown.
    pub(crate) fn show(&self) -> Vec<Shown> {
        let shown = SETTINGS
            .iter()
            .map(|setting| match self.given.get(setting.key) {
                Some(given) if setting.secret => {
                    (Some("(not shown)".to_owned()), given.from.clone())
                }
                Some(given) => (Some(given.value.clone()), given.from.clone()),
                None => (setting.default.map(ToOwned::to_owned), "default".to_owned()),
            });
        SETTINGS
            .iter()
            .zip(shown)
            .map(|(setting, (value, from))| Shown {
                key: setting.key,
                value,
                from,
            })
            .collect()
    }

    fn add(&mut self, key: &'static str, value: String, from: String) {
        self.given.entry(key).or_insert(Given { value, from });
    }

    fn add_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the file that `config` names, {shown}, cannot be read"))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            anyhow!("{shown} is not TOML: {}", error.message())
        })?;
        for (key, value) in table {
            let setting = SETTINGS
                .iter()
                .find(|setting| setting.key == key && key != "config");
            let setting = setting.ok_or_else(|| unknown(&format!("{key} in {shown}"), &keys()))?;
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Boolean(_) | toml::Value::Integer(_) => value.to_string(),
                _ => bail!(
                    "`{key}` in {shown} must be {}, as a string, number or boolean",
                    setting.shape
                ),
            };
            self.add(setting.key, value, format!("{shown}"));
        }
        Ok(())
    }
}

/// Variables that only the test suite reads are not settings.
fn is_ours(variable: &str) -> bool {
    variable.starts_with("MEMBERPASS_") && !variable.starts_with("MEMBERPASS_TEST_")
}

fn lookup(key: &str) -> anyhow::Result<&'static Setting> {
    SETTINGS
        .iter()
        .find(|setting| setting.key == key)
        .ok_or_else(|| anyhow!("no setting `{key}`"))
}

fn refuse(setting: &Setting, from: &str, value: &str, why: &dyn Display) -> anyhow::Error {
    let (key, shape) = (setting.key, setting.shape);
    let value = if setting.secret { "(not shown)" } else { value };
    anyhow!("`{key}` is {value:?} (from {from}): {why}. It must be {shape}.")
}

fn unknown(name: &str, known: &[String]) -> anyhow::Error {
    anyhow!(
        "there is no setting {name}. There are: {}.",
        known.join(", ")
    )
}

fn variables() -> Vec<String> {
    SETTINGS.iter().map(Setting::variable).collect()
}

fn keys() -> Vec<String> {
    SETTINGS
        .iter()
        .filter(|setting| setting.key != "config")
        .map(|setting| setting.key.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> anyhow::Result<Sources> {
        let flags = flags
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        Sources::read(
            flags,
            variables.iter().map(pair).collect::<Vec<_>>().into_iter(),
        )
    }

    #[test]
    fn flags_win_over_variables_over_the_file_over_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.toml");
        std::fs::write(
            &file,
            "log-format = \"json\"\nlog-filter = \"warn\"\ndata-dir = \"/a\"\n",
        )
        .unwrap();
        let file = file.to_str().unwrap();
        let variables = [
            ("MEMBERPASS_LOG_FILTER", "debug"),
            ("MEMBERPASS_DATA_DIR", "/b"),
            ("HOME", "/x"),
        ];
        let sources = read(&[("config", file), ("data-dir", "/c")], &variables).unwrap();
        let value = |key| sources.parse::<String>(key).unwrap();
        assert_eq!(value("data-dir"), "/c");
        assert_eq!(value("log-filter"), "debug");
        assert_eq!(value("log-format"), "json");
        assert_eq!(value("private-listen"), "127.0.0.1:8080");
    }

    #[test]
    fn a_wrong_key_or_value_is_named_with_its_place_and_its_shape() {
        let error = |result: anyhow::Result<Sources>| result.err().unwrap().to_string();
        assert!(
            error(read(&[], &[("MEMBERPASS_PUBLIC_URI", "x")])).contains("MEMBERPASS_PUBLIC_URL")
        );
        let sources = read(&[], &[("MEMBERPASS_PUBLIC_LISTEN", "everywhere")]).unwrap();
        let error = sources
            .parse::<std::net::SocketAddr>("public-listen")
            .unwrap_err()
            .to_string();
        for part in [
            "`public-listen`",
            "\"everywhere\"",
            "MEMBERPASS_PUBLIC_LISTEN",
            "127.0.0.1:8081",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_variable_that_is_no_text_is_refused_and_not_passed_over() {
        use std::os::unix::ffi::OsStringExt as _;
        let broken = || OsString::from_vec(b"/srv/\xff".to_vec());
        let read = |name: OsString| {
            let sources = Sources::read(BTreeMap::new(), std::iter::once((name, broken())));
            sources.map_err(|error| error.to_string()).err()
        };
        let error = read("MEMBERPASS_DATA_DIR".into()).unwrap();
        assert!(
            error.contains("MEMBERPASS_DATA_DIR is not UTF-8"),
            "{error}"
        );
        let name = OsString::from_vec(b"MEMBERPASS_DATA\xff".to_vec());
        assert!(read(name).unwrap().contains("there is no setting"));
        assert_eq!(read("HOME".into()), None);
        assert_eq!(read(broken()), None);
    }

    #[test]
    fn a_database_url_is_never_shown() {
        let sources = read(&[("database-url", "mysql://u:hunter2@h/d")], &[]).unwrap();
        let shown = sources
            .show()
            .into_iter()
            .find(|line| line.key == "database-url")
            .unwrap();
        assert_eq!(shown.value.as_deref(), Some("(not shown)"));
        let error = sources
            .parse::<store::DatabaseUrl>("database-url")
            .err()
            .unwrap()
            .to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
