//! Renders what an update may hold.

use anyhow::Context;

use crate::codegen::docs::link;
use crate::codegen::model::Model;
use crate::codegen::names::camel;
use crate::codegen::schema::{KindFacts, PathFacts, UpdateKinds};
use crate::codegen::shape::Shape;
use crate::codegen::update_paths;

/// The enum and its accessors.
pub(crate) fn render(model: &Model, kinds: &UpdateKinds) -> anyhow::Result<String> {
    let chat = accessor(model, kinds, "ChatId", |facts| &facts.chat)?;
    let user = accessor(model, kinds, "UserId", |facts| &facts.user)?;
    Ok(format!(
        "use serde::{{Serialize, Serializer}};

        use crate::generated::types::*;
        use crate::generated::update_kinds::UpdateKind;
        use crate::ids::{{ChatId, UserId}};
        use crate::json::FromJson;
        use crate::raw_json::RawJson;

        {}

        impl UpdateContent {{
            /// Reads what came under the name of a kind.
            pub(crate) fn read(kind: UpdateKind, raw: RawJson) -> Self {{
                Self::known(&kind, &raw).unwrap_or(Self::Unknown {{ kind, raw }})
            }}

            /// The name under which it came.
            #[must_use]
            pub fn kind(&self) -> UpdateKind {{
                match self {{ {} Self::Unknown {{ kind, .. }} => kind.clone() }}
            }}

            /// The chat that it belongs to, if it names one.
            #[must_use]
            pub fn chat(&self) -> Option<ChatId> {{
                match self {{ {chat} _ => None }}
            }}

            /// The user who caused it, if it names one.
            #[must_use]
            pub fn user(&self) -> Option<UserId> {{
                match self {{ {user} _ => None }}
            }}

            {}
        }}

        {}",
        enumeration(kinds),
        each(kinds, |variant, _| format!(
            "Self::{variant}(_) => UpdateKind::{variant},"
        )),
        reading(kinds),
        writing(kinds),
    ))
}

fn enumeration(kinds: &UpdateKinds) -> String {
    let variants = each(kinds, |variant, facts| {
        format!("/// A [`{0}`].\n{variant}(Box<{0}>),\n", facts.type_name)
    });
    format!(
        "/// What happened.
        ///
        /// {}
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum UpdateContent {{
            {variants}
            /// Something that this library does not understand: newer than it, or not as it should be.
            Unknown {{
                /// The name under which it came, which may be one that is known.
                kind: UpdateKind,
                /// It, as it came.
                raw: RawJson,
            }},
        }}",
        link("Update", "https://core.telegram.org/bots/api#update"),
    )
}

fn reading(kinds: &UpdateKinds) -> String {
    let arms = each(kinds, |variant, _| {
        format!("UpdateKind::{variant} => Self::{variant}(FromJson::from_json(&json).ok()?),")
    });
    format!(
        "fn known(kind: &UpdateKind, raw: &RawJson) -> Option<Self> {{
            let json = serde_json::from_str(raw.get()).ok()?;
            Some(match kind {{ {arms} UpdateKind::Other(_) => return None }})
        }}"
    )
}

fn writing(kinds: &UpdateKinds) -> String {
    let arms = each(kinds, |variant, _| {
        format!("Self::{variant}(content) => content.serialize(serializer),")
    });
    format!(
        "impl Serialize for UpdateContent {{
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{
                match self {{ {arms} Self::Unknown {{ raw, .. }} => raw.serialize(serializer) }}
            }}
        }}"
    )
}

/// The arms that find an identifier at the end of one of a kind's paths.
fn accessor(
    model: &Model,
    kinds: &UpdateKinds,
    newtype: &'static str,
    paths: impl Fn(&KindFacts) -> &[PathFacts],
) -> anyhow::Result<String> {
    let mut arms = String::new();
    for name in &kinds.order {
        let facts = &kinds.kinds[name];
        let content = Shape::Object(facts.type_name.clone());
        for PathFacts { path } in paths(facts) {
            let fields: Vec<&str> = path.split('.').skip(1).collect();
            let target = Shape::Id(newtype);
            let found = update_paths::expression(model, "content", &content, &fields, &target);
            if let Some(found) = found.with_context(|| path.clone())? {
                arms.push_str(&format!("Self::{}(content) => {found},", camel(name)));
                break;
            }
        }
    }
    Ok(arms)
}

fn each(kinds: &UpdateKinds, render: impl Fn(&str, &KindFacts) -> String) -> String {
    kinds
        .order
        .iter()
        .map(|name| render(&camel(name), &kinds.kinds[name]))
        .collect()
}
