//! Renders tests: every method and every type once with what is required and once with everything.

use std::fmt::Write;

use crate::codegen::model::{Field, Model};
use crate::codegen::{names, samples};

/// Every method, constructed.
pub(crate) fn calls(model: &Model) -> String {
    let mut out = String::from(
        "use telegram_bot_api::{methods, types};

        use crate::constructed::{Keys, check_method};\n",
    );
    for (name, method) in &model.methods {
        let path = format!("methods::{}", names::camel(name));
        let keys = keys(&method.fields, None);
        let all = samples::construct(model, &path, &method.fields, true);
        let least = samples::construct(model, &path, &method.fields, false);
        let test = snake(name);
        let _ = write!(
            out,
            "\n#[test]\nfn {test}() {{ check_method({name:?}, &{least}, &{all}, &{keys}); }}\n"
        );
    }
    out
}

/// Every type that bots send, constructed.
pub(crate) fn objects(model: &Model) -> String {
    let mut out = String::from(
        "use telegram_bot_api::types;

        use crate::constructed::{Keys, check_object};\n",
    );
    for (name, object) in model
        .objects
        .iter()
        .filter(|(_, object)| object.direction.sent)
    {
        let path = format!("types::{name}");
        let keys = keys(&object.fields, object.tag.as_ref());
        let all = samples::construct(model, &path, &object.fields, true);
        let least = samples::construct(model, &path, &object.fields, false);
        let test = snake(name);
        let _ = write!(
            out,
            "\n#[test]\nfn {test}() {{ check_object(&{least}, &{all}, &{keys}); }}\n"
        );
    }
    out
}

/// Every type that Telegram sends, read and written.
pub(crate) fn received(model: &Model) -> String {
    let objects = model
        .objects
        .iter()
        .filter(|(_, object)| object.direction.received);
    let unions = model
        .unions
        .iter()
        .filter(|(_, union)| union.direction.received);
    let names = objects
        .map(|(name, _)| name)
        .chain(unions.map(|(name, _)| name));
    let arms = names.map(|name| format!("{name:?} => through::<types::{name}>,"));
    format!(
        "use telegram_bot_api::types;

        use crate::schema::{{Through, through}};

        /// Reads JSON as the type of this name, and writes it again.
        pub(crate) fn through_type(name: &str) -> Option<Through> {{
            let through: Through = match name {{ {} _ => return None }};
            Some(through)
        }}",
        arms.collect::<String>()
    )
}

fn keys(fields: &[Field], tag: Option<&(String, String)>) -> String {
    let list = |required: bool| {
        let fields = fields.iter().filter(|field| field.required == required);
        fields.map(|field| field.name.clone()).collect::<Vec<_>>()
    };
    let tag = tag.map(|(tag, _)| tag.clone());
    let required: Vec<String> = tag.into_iter().chain(list(true)).collect();
    format!(
        "Keys {{ required: &{required:?}, optional: &{:?} }}",
        list(false)
    )
}

/// `sendMessage` as the name of a function.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (position, character) in name.char_indices() {
        if character.is_ascii_uppercase() && position > 0 {
            out.push('_');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}
