//! The facts that the schema holds, as they are written there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Every type and method of one version of the Bot API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schema {
    pub(crate) version: String,
    #[serde(rename = "release_date")]
    pub(crate) _release_date: String,
    pub(crate) types: BTreeMap<String, TypeFacts>,
    pub(crate) methods: BTreeMap<String, MethodFacts>,
}

/// An object with fields, or a union of other types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypeFacts {
    pub(crate) href: String,
    pub(crate) fields: Vec<FieldFacts>,
    #[serde(default)]
    pub(crate) subtypes: Vec<String>,
    pub(crate) discriminator: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodFacts {
    pub(crate) href: String,
    pub(crate) params: Vec<FieldFacts>,
    pub(crate) returns: Vec<String>,
}

/// A field of a type, or a parameter of a method.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldFacts {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) types: Vec<String>,
    pub(crate) literal: Option<Value>,
    #[serde(rename = "enum")]
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) default: Option<Value>,
    pub(crate) also: Option<Vec<Value>>,
    pub(crate) charset: Option<String>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) min_len: Option<u64>,
    pub(crate) max_len: Option<u64>,
    pub(crate) len_unit: Option<String>,
    #[serde(default)]
    pub(crate) len_after_entities: bool,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
}

/// Every kind of update.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateKinds {
    pub(crate) version: String,
    #[serde(rename = "release_date")]
    pub(crate) _release_date: String,
    pub(crate) order: Vec<String>,
    pub(crate) kinds: BTreeMap<String, KindFacts>,
}

#[derive(Deserialize)]
pub(crate) struct KindFacts {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) in_default_allowed_updates: bool,
    pub(crate) chat: Vec<PathFacts>,
    pub(crate) user: Vec<PathFacts>,
    pub(crate) date: Vec<PathFacts>,
    pub(crate) server_10_0: Option<ServerFacts>,
}

/// Where in an update something stands: names of fields with dots between them.
#[derive(Deserialize)]
pub(crate) struct PathFacts {
    pub(crate) path: String,
}

#[derive(Deserialize)]
pub(crate) struct ServerFacts {
    pub(crate) kept_seconds: u64,
}

impl Schema {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        read_json(path)
    }

    /// The type that holds the last field of `path`, which begins with a field of `Update`.
    pub(crate) fn holder<'a>(&'a self, path: &str) -> anyhow::Result<&'a str> {
        let mut here = vec!["Update"];
        let mut holder = None;
        for name in path.split('.') {
            let (found, next) = here
                .iter()
                .flat_map(|type_name| self.with_field(type_name, name))
                .next()
                .with_context(|| format!("{path}: no field {name} in {}", here.join(" or ")))?;
            holder = Some(found);
            here = next;
        }
        holder.context("an empty path")
    }

    fn with_field<'a>(&'a self, type_name: &str, field: &str) -> Option<(&'a str, Vec<&'a str>)> {
        let (key, facts) = self.types.get_key_value(type_name)?;
        for subtype in &facts.subtypes {
            if let Some(found) = self.with_field(subtype, field) {
                return Some(found);
            }
        }
        let field = facts.fields.iter().find(|found| found.name == field)?;
        Some((key, field.types.iter().map(String::as_str).collect()))
    }
}

impl UpdateKinds {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        read_json(path)
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not as expected", path.display()))
}
