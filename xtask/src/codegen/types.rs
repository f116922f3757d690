//! Renders objects, unions and enums.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::codegen::docs::link;
use crate::codegen::model::{Enum, Field, Model, Object, Union};
use crate::codegen::reach::Direction;
use crate::codegen::shape::Shape;
use crate::codegen::{boxes, files, names, overrides};

/// The module of all types, by file: one for each initial, and one that joins them.
pub(crate) fn render(model: &Model) -> BTreeMap<String, String> {
    let mut items: BTreeMap<&str, String> = BTreeMap::new();
    for (name, object) in &model.objects {
        items.insert(name, render_object(model, name, object));
    }
    for (name, union) in &model.unions {
        items.insert(name, render_union(model, name, union));
    }
    for (name, values) in &model.enums {
        items.insert(name, render_enum(name, values));
    }
    let mut files = files::by_initial("types", items, &|code| imports(model, code));
    for (path, code) in &mut files {
        if path == "src/generated/types.rs" {
            code.push_str(
                "\npub use crate::messages::{MaybeInaccessibleMessage, MessageOrTrue};\n",
            );
        }
    }
    files
}

/// The fields of an object or the parameters of a method, as the macros want them.
pub(crate) fn fields(model: &Model, owner: &str, fields: &[Field], indent: &str) -> String {
    let mut out = String::new();
    for (word, required) in [("required", true), ("optional", false)] {
        let group = fields.iter().filter(|field| field.required == required);
        let group: String = group
            .map(|field| render_field(model, owner, field, indent))
            .collect();
        match group.as_str() {
            "" => _ = writeln!(out, "{indent}{word} {{}}"),
            _ => _ = writeln!(out, "{indent}{word} {{\n{group}{indent}}}"),
        }
    }
    out
}

/// What a file of generated code takes from elsewhere.
pub(crate) fn imports(model: &Model, code: &str) -> String {
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("///"));
    let mut words = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()));
    let defined = |word: &str| {
        code.contains(&format!(" {word} {{")) || code.contains(&format!(" {word} by "))
    };
    let foreign = words.any(|word| model.has_type(word) && !defined(word));
    let shapes = ["method", "object", "string_enum", "union"];
    let shapes = shapes
        .into_iter()
        .filter(|shape| code.contains(&format!("\n{shape}! ")));
    let mut out = format!(
        "use crate::shapes::{{{}}};\n",
        shapes.collect::<Vec<_>>().join(", ")
    );
    if foreign {
        out.push_str("use crate::generated::types::*;\n");
    }
    let others = [
        ("held_uploads!", "held_uploads::held_uploads"),
        (" ids::", "ids"),
        ("<ids::", "ids"),
        (": ChatTarget,", "ChatTarget"),
        (": InputFile,", "InputFile"),
        ("<Update>", "Update"),
    ];
    for (sign, path) in others {
        let import = format!("use crate::{path};\n");
        if code.contains(sign) && !out.contains(&import) {
            out.push_str(&import);
        }
    }
    out
}

fn render_field(model: &Model, owner: &str, field: &Field, indent: &str) -> String {
    let mut out = String::new();
    if !field.docs.is_empty() {
        let _ = writeln!(out, "{indent}    /// {}", field.docs.join(" "));
    }
    let (name, key) = names::field(&field.name);
    let key = key.map(|key| format!(" = {key:?}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "{indent}    {name}{key}: {},",
        boxes::field_type(model, owner, field)
    );
    out
}

fn render_object(model: &Model, name: &str, object: &Object) -> String {
    let mut direction = direction(object.direction).to_owned();
    if overrides::QUIET.contains(&name) {
        direction.push_str(" quiet");
    }
    let tag = object.tag.as_ref();
    let tag = tag
        .map(|(tag, value)| format!(" tag {tag:?} = {value:?}"))
        .unwrap_or_default();
    let fields = fields(model, name, &object.fields, "        ");
    let mut out = format!(
        "object! {{\n    /// {}\n    {direction} {name}{tag} {{\n{fields}    }}\n}}\n",
        link(name, &object.href)
    );
    let files = object
        .fields
        .iter()
        .filter(|field| model.holds_files(&field.shape));
    let files: Vec<String> = files.map(|field| names::field(&field.name).0).collect();
    if !files.is_empty() {
        let _ = write!(out, "\nheld_uploads!({name} {{ {} }});\n", files.join(", "));
    }
    out
}

fn direction(direction: Direction) -> &'static str {
    match (direction.sent, direction.received) {
        (true, true) => "both",
        (true, false) => "sent",
        (false, _) => "received",
    }
}

fn render_union(model: &Model, name: &str, union: &Union) -> String {
    let doc = match &union.href {
        Some(href) => link(name, href),
        None => "What several parameters take.".to_owned(),
    };
    let direction = if union.direction.received {
        "received"
    } else {
        "sent"
    };
    let tag = union.tag.as_ref().filter(|_| union.direction.received);
    let by = tag.map(|tag| format!(" by {tag:?}")).unwrap_or_default();
    let plain = union.plain.iter().map(|shape| {
        let variant = if *shape == Shape::String {
            "Text"
        } else {
            "Many"
        };
        format!("{variant}({}), ", shape.rust())
    });
    let plain = plain.collect::<String>();
    let mut out = format!(
        "union! {{\n    /// {doc}\n    {direction} {name}{by} {{\n        plain {{ {plain}}}\n        tagged {{\n"
    );
    for member in &union.members {
        let value = member.value.as_ref().filter(|_| tag.is_some());
        let value = value
            .map(|value| format!("{value:?} => "))
            .unwrap_or_default();
        let boxed = boxes::variant_type(model, &member.type_name);
        let (variant, type_name) = (&member.variant, &member.type_name);
        let _ = writeln!(
            out,
            "            {value}{variant}({boxed}) from {type_name},"
        );
    }
    out.push_str("        }\n    }\n}\n");
    let files = union
        .members
        .iter()
        .filter(|member| model.holds_files(&Shape::Object(member.type_name.clone())));
    let files: Vec<&str> = files.map(|member| member.variant.as_str()).collect();
    if !files.is_empty() {
        let _ = write!(out, "\nheld_uploads!({name} by {});\n", files.join(" | "));
    }
    out
}

fn render_enum(name: &str, facts: &Enum) -> String {
    let places = facts.places.iter().map(|place| format!("`{place}`"));
    let places = places.collect::<Vec<_>>().join(", ");
    let mut out = format!("string_enum! {{\n    /// What {places} may be.\n    {name} {{\n");
    for value in &facts.values {
        let _ = writeln!(out, "        {} = {value:?},", names::camel(value));
    }
    out.push_str("    }\n}\n");
    out
}
