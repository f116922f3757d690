//! Renders methods.

use std::collections::BTreeMap;

use crate::codegen::docs::link;
use crate::codegen::model::{Method, Model};
use crate::codegen::{files, names, types};

/// The module of all methods, by file: one for each initial, and one that joins them.
pub(crate) fn render(model: &Model) -> BTreeMap<String, String> {
    let methods = model.methods.iter();
    let items = methods.map(|(name, method)| (name.as_str(), render_method(model, name, method)));
    files::by_initial("methods", items.collect(), &|code| {
        types::imports(model, code)
    })
}

fn render_method(model: &Model, name: &str, method: &Method) -> String {
    let rust_name = names::camel(name);
    let files = method
        .fields
        .iter()
        .filter(|field| model.holds_files(&field.shape));
    let files: Vec<String> = files.map(|field| names::field(&field.name).0).collect();
    let uploads = match files[..] {
        [] => String::new(),
        _ => format!(", uploads {{ {} }}", files.join(", ")),
    };
    format!(
        "method! {{\n    /// {}\n    {rust_name} {name:?} -> {}{uploads};\n{}}}\n",
        link(name, &method.href),
        method.output.rust(),
        types::fields(model, &rust_name, &method.fields, "    "),
    )
}
