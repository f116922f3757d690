//! Renders the kinds of update and where each of them names its chat, user and date.

use std::fmt::Write;

use anyhow::{Context, ensure};

use crate::codegen::names::camel;
use crate::codegen::schema::{KindFacts, PathFacts, Schema, UpdateKinds};

/// For kinds that are newer than the server whose figures we have: as most are.
const DEFAULT_KEPT_SECONDS: u64 = 86_400;

struct Kind<'a> {
    name: &'a str,
    variant: String,
    facts: &'a KindFacts,
}

/// The enum, its facts, and the paths for the envelope.
pub(crate) fn render(schema: &Schema, kinds: &UpdateKinds) -> anyhow::Result<String> {
    let kinds = ordered(schema, kinds)?;
    let mut out = String::from("use std::sync::Arc;\n\nuse crate::paths::Paths;\n\n");
    enumeration(&mut out, &kinds)?;
    let count = kinds.len();
    write!(
        out,
        "impl UpdateKind {{
            /// Every kind of this version of the Bot API, in the order of the official list.
            pub const ALL: [Self; {count}] = [{}];

            /// The kind of this name, if this version of the Bot API has it.
            pub(crate) fn known(name: &str) -> Option<Self> {{
                Some(match name {{ {} _ => return None }})
            }}

            /// The name of the kind, which is the key in the update.
            #[must_use]
            pub fn as_str(&self) -> &str {{
                match self {{ {} Self::Other(name) => name }}
            }}

            /// For how many seconds Telegram keeps an update of this kind that is not acknowledged.
            #[must_use]
            pub const fn kept_seconds(&self) -> u64 {{
                match self {{ {} _ => {DEFAULT_KEPT_SECONDS} }}
            }}

            /// Whether a bot that asks for no kinds in particular gets this one.
            #[must_use]
            pub const fn in_default_allowed_updates(&self) -> bool {{
                !matches!(self, {})
            }}

            /// Where an update of this kind names its chat, user and date.
            pub(crate) const fn paths(&self) -> &'static Paths {{
                match self {{ {} Self::Other(_) => &Paths::COMMON }}
            }}
        }}",
        each(&kinds, |kind| format!("Self::{},", kind.variant)),
        each(&kinds, |kind| format!(
            "{:?} => Self::{},",
            kind.name, kind.variant
        )),
        each(&kinds, |kind| format!(
            "Self::{} => {:?},",
            kind.variant, kind.name
        )),
        kept(&kinds),
        not_default(&kinds),
        paths(schema, &kinds)?,
    )?;
    Ok(out)
}

fn ordered<'a>(schema: &Schema, kinds: &'a UpdateKinds) -> anyhow::Result<Vec<Kind<'a>>> {
    ensure!(
        kinds.version == schema.version,
        "the two files of the schema differ in version"
    );
    ensure!(
        kinds.order.len() == kinds.kinds.len(),
        "`order` does not list every kind"
    );
    let update = schema
        .types
        .get("Update")
        .context("the schema has no Update")?;
    let mut ordered = Vec::new();
    for name in &kinds.order {
        let facts = kinds
            .kinds
            .get(name)
            .with_context(|| format!("no facts on {name}"))?;
        let field = update.fields.iter().find(|field| field.name == *name);
        let field = field.with_context(|| format!("Update has no field {name}"))?;
        ensure!(
            field.types == [facts.type_name.as_str()],
            "{name} has another type in Update"
        );
        ordered.push(Kind {
            name,
            variant: camel(name),
            facts,
        });
    }
    ensure!(
        update.fields.len() == ordered.len() + 1,
        "Update has kinds that are not listed"
    );
    Ok(ordered)
}

fn enumeration(out: &mut String, kinds: &[Kind<'_>]) -> std::fmt::Result {
    out.push_str(
        "/// What an update is about: the name of its one key beside `update_id`.
        ///
        /// [Bot API: Update](https://core.telegram.org/bots/api#update)
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum UpdateKind {",
    );
    for Kind {
        name,
        variant,
        facts,
    } in kinds
    {
        let type_name = &facts.type_name;
        let link = format!(
            "https://core.telegram.org/bots/api#{}",
            type_name.to_lowercase()
        );
        writeln!(out, "/// `{name}`: [{type_name}]({link}).\n{variant},")?;
    }
    out.push_str(
        "/// A kind that is newer than this library. Never a name of one above, if it comes from
        /// [`UpdateKind::from`].
        Other(Arc<str>),
        }\n\n",
    );
    Ok(())
}

fn kept(kinds: &[Kind<'_>]) -> String {
    each(kinds, |kind| match &kind.facts.server_10_0 {
        Some(server) if server.kept_seconds != DEFAULT_KEPT_SECONDS => {
            format!("Self::{} => {},", kind.variant, server.kept_seconds)
        }
        _ => String::new(),
    })
}

fn not_default(kinds: &[Kind<'_>]) -> String {
    let names = kinds
        .iter()
        .filter(|kind| !kind.facts.in_default_allowed_updates);
    names
        .map(|kind| format!("Self::{}", kind.variant))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn paths(schema: &Schema, kinds: &[Kind<'_>]) -> anyhow::Result<String> {
    let mut out = String::new();
    for kind in kinds {
        let mut users = Vec::new();
        for path in &kind.facts.user {
            // A chat that speaks for itself stands in the place of a user; the two never mix.
            if schema.holder(&path.path)? == "User" {
                users.push(path);
            }
        }
        let user = path_list(schema, kind, users)?;
        let chat = path_list(schema, kind, &kind.facts.chat)?;
        let date = path_list(schema, kind, &kind.facts.date)?;
        let variant = &kind.variant;
        write!(
            out,
            "Self::{variant} => const {{ &Paths {{ chat: {chat}, user: {user}, date: {date} }} }},"
        )?;
    }
    Ok(out)
}

fn path_list<'a>(
    schema: &Schema,
    kind: &Kind<'_>,
    paths: impl IntoIterator<Item = &'a PathFacts>,
) -> anyhow::Result<String> {
    let mut out = String::from("&[");
    for PathFacts { path } in paths {
        schema.holder(path)?;
        let within = path
            .strip_prefix(kind.name)
            .and_then(|rest| rest.strip_prefix('.'));
        let within = within.with_context(|| format!("{path} is not within {}", kind.name))?;
        write!(out, "&{:?},", within.split('.').collect::<Vec<_>>())?;
    }
    out.push(']');
    Ok(out)
}

fn each(kinds: &[Kind<'_>], render: impl Fn(&Kind<'_>) -> String) -> String {
    kinds.iter().map(render).collect()
}
