//! Which types bots send, and which Telegram sends.

use std::collections::{BTreeMap, BTreeSet};

use crate::codegen::schema::{FieldFacts, Schema};
use crate::codegen::shape::element;

/// Who sends a type to whom.
#[derive(Clone, Copy, Default)]
pub(crate) struct Direction {
    pub(crate) sent: bool,
    pub(crate) received: bool,
}

/// By the name of the type. What neither a method nor an update leads to stands in answers that refuse.
pub(crate) fn directions(schema: &Schema) -> BTreeMap<&str, Direction> {
    let params = schema
        .methods
        .values()
        .flat_map(|method| &method.params)
        .flat_map(types);
    let returns = schema.methods.values().flat_map(|method| &method.returns);
    let answers = returns
        .map(String::as_str)
        .chain(["Update", "ResponseParameters"]);
    let sent = reachable(schema, params);
    let received = reachable(schema, answers);
    let names = sent.union(&received).copied();
    let direction = |name| Direction {
        sent: sent.contains(name),
        received: received.contains(name),
    };
    names.map(|name| (name, direction(name))).collect()
}

fn types(field: &FieldFacts) -> impl Iterator<Item = &str> {
    field.types.iter().map(String::as_str)
}

fn reachable<'a>(schema: &'a Schema, from: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = from.map(element).collect();
    while let Some(name) = open.pop() {
        let Some(facts) = schema.types.get(name) else {
            continue;
        };
        if reached.insert(name) {
            open.extend(facts.fields.iter().flat_map(types).map(element));
            open.extend(facts.subtypes.iter().map(|subtype| element(subtype)));
        }
    }
    reached
}
