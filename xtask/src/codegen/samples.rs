//! Expressions of some value of a type, for generated tests.

use crate::codegen::model::{Field, Model};
use crate::codegen::names;
use crate::codegen::shape::Shape;

/// How deep arrays go before they are left empty.
const DEPTH: usize = 3;

/// Something that is constructed with `path::new`, with what is required, and with everything.
pub(crate) fn construct(model: &Model, path: &str, fields: &[Field], all: bool) -> String {
    let required = fields.iter().filter(|field| field.required);
    let arguments = required
        .map(|field| value(model, &field.shape, DEPTH))
        .collect::<Vec<_>>();
    let mut out = format!("{path}::new({})", arguments.join(", "));
    for field in fields.iter().filter(|field| all && !field.required) {
        let (name, _) = names::field(&field.name);
        out.push_str(&format!(".{name}({})", value(model, &field.shape, DEPTH)));
    }
    out
}

fn value(model: &Model, shape: &Shape, depth: usize) -> String {
    match shape {
        Shape::Integer => "1_i64".to_owned(),
        Shape::Float => "1.5".to_owned(),
        Shape::Boolean => "true".to_owned(),
        Shape::String => "\"x\".to_owned()".to_owned(),
        Shape::Id(name) if model.is_number_id(name) => format!("telegram_bot_api::{name}(1)"),
        Shape::Id(name) => format!("telegram_bot_api::{name}::from(\"x\")"),
        Shape::ChatTarget => "telegram_bot_api::ChatTarget::from(1_i64)".to_owned(),
        Shape::InputFile => "telegram_bot_api::InputFile::id(\"x\")".to_owned(),
        Shape::Enum(name) => {
            let first = model.enums.get(name).and_then(|facts| facts.values.first());
            format!(
                "types::{name}::from({:?})",
                first.map_or("", String::as_str)
            )
        }
        Shape::Array(_) if depth == 0 => "Vec::new()".to_owned(),
        Shape::Array(element) => format!("vec![{}]", value(model, element, depth - 1)),
        Shape::Object(name) => {
            let fields = model
                .objects
                .get(name)
                .map_or(&[][..], |object| &object.fields);
            let required = fields.iter().filter(|field| field.required);
            let arguments = required.map(|field| value(model, &field.shape, depth));
            format!(
                "types::{name}::new({})",
                arguments.collect::<Vec<_>>().join(", ")
            )
        }
        Shape::Union(name) => {
            let union = model.unions.get(name);
            let plain = union.and_then(|union| union.plain.first());
            let member = union.and_then(|union| union.members.first());
            let member = member.map(|member| Shape::Object(member.type_name.clone()));
            let inner = plain.or(member.as_ref());
            let inner = inner
                .map(|shape| value(model, shape, depth))
                .unwrap_or_default();
            format!("types::{name}::from({inner})")
        }
        Shape::ByHand(name) => format!("a {name} is never sent"),
    }
}
