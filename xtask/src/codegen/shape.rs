//! The Rust type of a field.

use anyhow::{bail, ensure};

use crate::codegen::overrides;
use crate::codegen::schema::{FieldFacts, Schema};

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Integer,
    Float,
    Boolean,
    String,
    /// A newtype for an identifier.
    Id(&'static str),
    ChatTarget,
    InputFile,
    Enum(String),
    Object(String),
    Union(String),
    Array(Box<Self>),
    /// A type that is written by hand, by its path.
    ByHand(&'static str),
}

impl Shape {
    /// The type as it is written in generated code, not boxed.
    pub(crate) fn rust(&self) -> String {
        match self {
            Self::Integer => "i64".to_owned(),
            Self::Float => "f64".to_owned(),
            Self::Boolean => "bool".to_owned(),
            Self::String => "String".to_owned(),
            // By path: the Bot API has a type MessageId, too.
            Self::Id(name) => format!("ids::{name}"),
            Self::ChatTarget => "ChatTarget".to_owned(),
            Self::InputFile => "InputFile".to_owned(),
            Self::Enum(name) | Self::Object(name) | Self::Union(name) => name.clone(),
            Self::Array(element) => format!("Vec<{}>", element.rust()),
            Self::ByHand(path) => (*path).to_owned(),
        }
    }

    /// What the arrays, if there are any, are made of.
    pub(crate) fn innermost(&self) -> &Self {
        match self {
            Self::Array(element) => element.innermost(),
            _ => self,
        }
    }
}

/// The name of what an array, or an array of arrays, is made of.
pub(crate) fn element(text: &str) -> &str {
    text.strip_prefix("Array of ").map_or(text, element)
}

/// `shape`, in as many arrays as `text` says.
pub(crate) fn wrap(text: &str, shape: Shape) -> Shape {
    match text.strip_prefix("Array of ") {
        Some(rest) => Shape::Array(Box::new(wrap(rest, shape))),
        None => shape,
    }
}

/// What a field or parameter is.
pub(crate) fn of_field(schema: &Schema, owner: &str, facts: &FieldFacts) -> anyhow::Result<Shape> {
    let types: Vec<&str> = facts.types.iter().map(String::as_str).collect();
    let text = match types[..] {
        ["Integer", "String"] => {
            ensure!(
                facts.name.ends_with("chat_id"),
                "an integer or a string, but no chat"
            );
            return Ok(Shape::ChatTarget);
        }
        ["InputFile", "String"] => return Ok(Shape::InputFile),
        [text] => text,
        _ => bail!("what is one of {types:?}?"),
    };
    if overrides::is_file(owner, facts) {
        return Ok(Shape::InputFile);
    }
    let id = match element(text) {
        "Integer" => overrides::number_id(owner, &facts.name),
        "String" => overrides::text_id(owner, &facts.name),
        _ => None,
    };
    match id {
        Some(id) => Ok(wrap(text, Shape::Id(id))),
        None => of_type(schema, text),
    }
}

/// What a method answers.
pub(crate) fn output(schema: &Schema, returns: &[String]) -> anyhow::Result<Shape> {
    let returns: Vec<&str> = returns.iter().map(String::as_str).collect();
    match returns[..] {
        ["Message", "True"] => Ok(Shape::ByHand("MessageOrTrue")),
        [text] => of_type(schema, text),
        _ => bail!("what answers {returns:?}?"),
    }
}

/// A type by its name.
pub(crate) fn of_type(schema: &Schema, text: &str) -> anyhow::Result<Shape> {
    let shape = match element(text) {
        "Integer" => Shape::Integer,
        "Float" => Shape::Float,
        "Boolean" | "True" => Shape::Boolean,
        "String" => Shape::String,
        "InputFile" => Shape::InputFile,
        "MaybeInaccessibleMessage" => Shape::ByHand("MaybeInaccessibleMessage"),
        "Update" => Shape::ByHand("Update"),
        name => match schema.types.get(name) {
            Some(facts) if facts.subtypes.is_empty() => Shape::Object(name.to_owned()),
            Some(_) => Shape::Union(name.to_owned()),
            None => bail!("no type {name}"),
        },
    };
    Ok(wrap(text, shape))
}
