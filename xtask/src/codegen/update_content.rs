//! Renders what an update may hold.

use std::fmt::Write;

use anyhow::Context;

use crate::codegen::model::Model;
use crate::codegen::names::camel;
use crate::codegen::schema::{KindFacts, PathFacts, UpdateKinds};
use crate::codegen::shape::Shape;

/// The enum and its accessors.
pub(crate) fn render(model: &Model, kinds: &UpdateKinds) -> anyhow::Result<String> {
    let each = |render: &dyn Fn(&str, &KindFacts) -> String| {
        let arms = kinds
            .order
            .iter()
            .map(|name| render(&camel(name), &kinds.kinds[name]));
        arms.collect::<String>()
    };
    let accessor = |paths: &dyn Fn(&KindFacts) -> Vec<&PathFacts>, newtype: &str| {
        let mut arms = String::new();
        for name in &kinds.order {
            let facts = &kinds.kinds[name];
            for path in paths(facts) {
                let fields: Vec<&str> = path.path.split('.').skip(1).collect();
                let shape = Shape::Object(facts.type_name.clone());
                let found = walk(model, "content", &shape, &fields, newtype)
                    .with_context(|| path.path.clone())?;
                if let Some(found) = found {
                    write!(arms, "Self::{}(content) => {found},", camel(name))?;
                }
            }
        }
        anyhow::Ok(arms)
    };
    Ok(format!(
        "use serde::{{Serialize, Serializer}};

        use crate::generated::types::*;
        use crate::generated::update_kinds::UpdateKind;
        use crate::ids::{{ChatId, UserId}};
        use crate::json::FromJson;
        use crate::raw_json::RawJson;

        /// What happened.
        ///
        /// {}
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum UpdateContent {{
            {}
            /// Something that this library does not understand: newer than it, or not as it should be.
            Unknown {{
                /// The name under which it came, which may be one that is known.
                kind: UpdateKind,
                /// It, as it came.
                raw: RawJson,
            }},
        }}

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
                match self {{ {} _ => None }}
            }}

            /// The user who caused it, if it names one.
            #[must_use]
            pub fn user(&self) -> Option<UserId> {{
                match self {{ {} _ => None }}
            }}

            fn known(kind: &UpdateKind, raw: &RawJson) -> Option<Self> {{
                let json = serde_json::from_str(raw.get()).ok()?;
                Some(match kind {{ {} UpdateKind::Other(_) => return None }})
            }}
        }}

        impl Serialize for UpdateContent {{
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{
                match self {{ {} Self::Unknown {{ raw, .. }} => raw.serialize(serializer) }}
            }}
        }}",
        crate::codegen::docs::link("Update", "https://core.telegram.org/bots/api#update"),
        each(&|variant, facts| {
            let type_name = &facts.type_name;
            format!("/// A [`{type_name}`].\n{variant}(Box<{type_name}>),\n")
        }),
        each(&|variant, _| format!("Self::{variant}(_) => UpdateKind::{variant},")),
        accessor(&|facts| facts.chat.iter().collect(), "ChatId")?,
        accessor(&|facts| facts.user.iter().collect(), "UserId")?,
        each(&|variant, _| format!(
            "UpdateKind::{variant} => Self::{variant}(FromJson::from_json(&json).ok()?),"
        )),
        each(&|variant, _| format!("Self::{variant}(content) => content.serialize(serializer),")),
    ))
}

/// An expression of the type `Option<newtype>` for what stands at the end of a path, if that is what stands there.
fn walk(
    model: &Model,
    here: &str,
    shape: &Shape,
    path: &[&str],
    newtype: &str,
) -> anyhow::Result<Option<String>> {
    let Some((field, rest)) = path.split_first() else {
        return Ok((*shape == Shape::Id(id_name(newtype))).then(|| format!("Some({here})")));
    };
    match shape {
        Shape::Object(name) => {
            let object = model.objects.get(name).context("no such object")?;
            let field = object.fields.iter().find(|facts| facts.name == *field);
            let field = field.with_context(|| format!("no such field of {name}"))?;
            let name = &field.name;
            if field.required {
                return walk(
                    model,
                    &format!("{here}.{name}"),
                    &field.shape,
                    rest,
                    newtype,
                );
            }
            let inner = walk(model, name, &field.shape, rest, newtype)?;
            Ok(inner.map(|inner| match inner.strip_prefix("Some(") {
                Some(inner) => format!("{here}.{name}.as_ref().map(|{name}| {inner}"),
                None => format!("{here}.{name}.as_ref().and_then(|{name}| {inner})"),
            }))
        }
        Shape::Union(name) => {
            let union = model.unions.get(name).context("no such union")?;
            let variants = union
                .members
                .iter()
                .map(|m| (&m.variant, m.type_name.as_str()));
            in_union(model, here, name, variants, path, newtype)
        }
        Shape::ByHand(name) => {
            let variants = [("Message".to_owned()), ("InaccessibleMessage".to_owned())];
            let variants = variants.iter().map(|variant| (variant, variant.as_str()));
            in_union(model, here, name, variants, path, newtype)
        }
        _ => Ok(None),
    }
}

fn in_union<'a>(
    model: &Model,
    here: &str,
    union: &str,
    variants: impl Iterator<Item = (&'a String, &'a str)>,
    path: &[&str],
    newtype: &str,
) -> anyhow::Result<Option<String>> {
    let mut arms = String::new();
    for (variant, type_name) in variants {
        let shape = Shape::Object(type_name.to_owned());
        // Not every member needs to have the field.
        if let Ok(Some(inner)) = walk(model, "member", &shape, path, newtype) {
            write!(arms, "{union}::{variant}(member) => {inner},")?;
        }
    }
    let place = if here.contains('.') {
        format!("&{here}")
    } else {
        format!("&**{here}")
    };
    Ok((!arms.is_empty()).then(|| format!("match {place} {{ {arms} _ => None }}")))
}

fn id_name(newtype: &str) -> &'static str {
    if newtype == "ChatId" {
        "ChatId"
    } else {
        "UserId"
    }
}
