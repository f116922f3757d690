//! Which fields and variants are boxed: those that would make a type infinite, and big ones.

use std::collections::BTreeSet;

use crate::codegen::model::{Field, Model, Object};
use crate::codegen::shape::Shape;

/// An optional field is mostly absent, and would take this many bytes all the same.
const BIG_OPTIONAL_BYTES: usize = 48;
const BIG_REQUIRED_BYTES: usize = 160;
const BIG_VARIANT_BYTES: usize = 96;

const WORD: usize = 8;

/// The type of a field as it is written, boxed if it should be.
pub(crate) fn field_type(model: &Model, owner: &str, field: &Field) -> String {
    let plain = field.shape.rust();
    if is_boxed(model, owner, field) {
        format!("Box<{plain}>")
    } else {
        plain
    }
}

/// The type of a union's variant as it is written, boxed if it should be.
pub(crate) fn variant_type(model: &Model, member: &str) -> String {
    let shape = Shape::Object(member.to_owned());
    if size(model, &shape) > BIG_VARIANT_BYTES {
        format!("Box<{member}>")
    } else {
        member.to_owned()
    }
}

fn is_boxed(model: &Model, owner: &str, field: &Field) -> bool {
    match field.shape {
        Shape::ByHand(_) => true,
        Shape::Object(_) | Shape::Union(_) => {
            leads_to(model, &field.shape, owner, &mut BTreeSet::new())
                || (is_read_only(model, owner) && is_big(model, field))
        }
        _ => false,
    }
}

/// Whether bots only read a type. They write what they send, and that is easier without boxes.
fn is_read_only(model: &Model, owner: &str) -> bool {
    model
        .objects
        .get(owner)
        .is_some_and(|object| !object.direction.sent)
}

fn is_big(model: &Model, field: &Field) -> bool {
    let big = if field.required {
        BIG_REQUIRED_BYTES
    } else {
        BIG_OPTIONAL_BYTES
    };
    size(model, &field.shape) > big
}

/// Whether a value holds one of the type `target`, arrays aside.
fn leads_to(model: &Model, shape: &Shape, target: &str, seen: &mut BTreeSet<String>) -> bool {
    let name = match shape {
        Shape::Object(name) | Shape::Union(name) => name,
        _ => return false,
    };
    if name == target {
        return true;
    }
    seen.insert(name.clone())
        && inside(model, name).any(|shape| leads_to(model, &shape, target, seen))
}

/// What an object's fields, or a union's members, are.
fn inside<'a>(model: &'a Model, name: &str) -> impl Iterator<Item = Shape> + use<'a> {
    let fields = model
        .objects
        .get(name)
        .into_iter()
        .flat_map(|object| &object.fields);
    let members = model
        .unions
        .get(name)
        .into_iter()
        .flat_map(|union| &union.members);
    let members = members.map(|member| Shape::Object(member.type_name.clone()));
    fields.map(|field| field.shape.clone()).chain(members)
}

/// About how many bytes a value takes.
fn size(model: &Model, shape: &Shape) -> usize {
    match shape {
        Shape::Boolean => 1,
        Shape::Integer | Shape::Float | Shape::ByHand(_) => WORD,
        Shape::Id(name) if model.is_number_id(name) => WORD,
        Shape::Enum(_) => 2 * WORD,
        Shape::String | Shape::Id(_) | Shape::ChatTarget | Shape::Array(_) => 3 * WORD,
        Shape::InputFile => 8 * WORD,
        Shape::Object(name) => model
            .objects
            .get(name)
            .map_or(0, |object| object_size(model, name, object)),
        Shape::Union(name) => {
            let members = model
                .unions
                .get(name)
                .into_iter()
                .flat_map(|union| &union.members);
            let sizes = members.map(|m| size(model, &Shape::Object(m.type_name.clone())));
            sizes
                .map(|size| size.min(BIG_VARIANT_BYTES))
                .max()
                .unwrap_or_default()
                .max(4 * WORD)
        }
    }
}

fn object_size(model: &Model, name: &str, object: &Object) -> usize {
    let fields = object.fields.iter().map(|field| {
        if is_boxed(model, name, field) {
            return WORD;
        }
        let numeric = matches!(field.shape, Shape::Integer | Shape::Float | Shape::Id(_));
        size(model, &field.shape) + if numeric && !field.required { WORD } else { 0 }
    });
    fields.sum::<usize>().next_multiple_of(WORD)
}
