//! Renders the way from an update's content to what stands at the end of a path.

use anyhow::{Context, bail};

use crate::codegen::model::Model;
use crate::codegen::shape::Shape;

/// An expression of an `Option` for what stands at the end of `path`, if it has the shape of `target`. It begins at
/// `here`, a reference to a value of the shape `shape`.
pub(crate) fn expression(
    model: &Model,
    here: &str,
    shape: &Shape,
    path: &[&str],
    target: &Shape,
) -> anyhow::Result<Option<String>> {
    let Some((field, rest)) = path.split_first() else {
        return Ok((shape == target).then(|| format!("Some({here})")));
    };
    let name = match shape {
        Shape::Object(name) => name,
        _ => return through_union(model, here, shape, path, target),
    };
    let object = model.objects.get(name).context("no such object")?;
    let field = object.fields.iter().find(|facts| facts.name == *field);
    let field = field.with_context(|| format!("no such field of {name}"))?;
    let name = &field.name;
    if field.required {
        return expression(model, &format!("{here}.{name}"), &field.shape, rest, target);
    }
    let inner = expression(model, name, &field.shape, rest, target)?;
    Ok(inner.map(|inner| match inner.strip_prefix("Some(") {
        Some(inner) => format!("{here}.{name}.as_ref().map(|{name}| {inner}"),
        None => format!("{here}.{name}.as_ref().and_then(|{name}| {inner})"),
    }))
}

/// The same for a union: what those of its members have that have it.
fn through_union(
    model: &Model,
    here: &str,
    shape: &Shape,
    path: &[&str],
    target: &Shape,
) -> anyhow::Result<Option<String>> {
    let (name, members) = members(model, shape)?;
    let arms = members.into_iter().filter_map(|(variant, type_name)| {
        let shape = Shape::Object(type_name.to_owned());
        let inner = expression(model, "member", &shape, path, target)
            .ok()
            .flatten()?;
        Some(format!("{name}::{variant}(member) => {inner},"))
    });
    let arms: String = arms.collect();
    let place = if here.contains('.') {
        format!("&{here}")
    } else {
        format!("&**{here}")
    };
    Ok((!arms.is_empty()).then(|| format!("match {place} {{ {arms} _ => None }}")))
}

/// The name of a union, and its variants with the types of what they hold.
fn members<'a>(
    model: &'a Model,
    shape: &'a Shape,
) -> anyhow::Result<(&'a str, Vec<(&'a str, &'a str)>)> {
    match shape {
        Shape::Union(name) => {
            let union = model.unions.get(name).context("no such union")?;
            let members = union.members.iter();
            let members = members.map(|m| (m.variant.as_str(), m.type_name.as_str()));
            Ok((name, members.collect()))
        }
        Shape::ByHand(name @ "MaybeInaccessibleMessage") => Ok((
            name,
            ["Message", "InaccessibleMessage"]
                .map(|member| (member, member))
                .into(),
        )),
        _ => bail!("a path through something that is no object"),
    }
}
