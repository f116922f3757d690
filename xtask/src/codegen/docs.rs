//! Comments on generated code: facts and links, and no sentence of anybody else's.

use serde_json::Value;

use crate::codegen::schema::FieldFacts;
use crate::codegen::shape::Shape;

/// What the schema says about a field, beside its type.
pub(crate) fn facts(facts: &FieldFacts, shape: &Shape) -> Vec<String> {
    let length = range(facts.min_len, facts.max_len).map(|range| {
        let unit = facts.len_unit.as_deref().unwrap_or("characters");
        let counted = if facts.len_after_entities {
            ", counted without formatting"
        } else {
            ""
        };
        format!("{range} {unit}{counted}.")
    });
    let items = range(facts.min_items, facts.max_items).map(|range| format!("{range} items."));
    let number = range(facts.min, facts.max).map(|range| format!("{range}."));
    let also = facts
        .also
        .as_ref()
        .map(|values| format!("Or {}.", list(values)));
    let charset = facts
        .charset
        .as_ref()
        .map(|charset| format!("Made of `{charset}`."));
    let literal = facts
        .literal
        .as_ref()
        .map(|value| format!("Always {}.", code(value)));
    let is_enum = matches!(shape.innermost(), Shape::Enum(_));
    let values = facts.values.as_ref().filter(|_| !is_enum);
    let values = values.map(|values| format!("One of {}.", list(values)));
    let default = facts
        .default
        .as_ref()
        .map(|value| format!("{} when absent.", code(value)));
    [
        length, items, number, also, charset, literal, values, default,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A link to the official page.
pub(crate) fn link(name: &str, href: &str) -> String {
    format!("[Bot API: {name}]({href})")
}

fn range<T: ToString + PartialEq>(min: Option<T>, max: Option<T>) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) if min == max => Some(min.to_string()),
        (Some(min), Some(max)) => Some(format!("{} to {}", min.to_string(), max.to_string())),
        (None, Some(max)) => Some(format!("At most {}", max.to_string())),
        (Some(min), None) => Some(format!("At least {}", min.to_string())),
        (None, None) => None,
    }
}

fn list(values: &[Value]) -> String {
    values.iter().map(code).collect::<Vec<_>>().join(", ")
}

fn code(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        _ => format!("`{value}`"),
    }
}
