//! The shapes that the Bot API's types have, each written once as a macro.
//!
//! Generated code only says which fields or values there are.

mod method;
mod object;
mod string_enum;
mod union;

pub(crate) use crate::shapes::method::method;
pub(crate) use crate::shapes::object::{
    object, object_new, object_quiet, object_read, object_struct, object_write,
};
pub(crate) use crate::shapes::string_enum::string_enum;
pub(crate) use crate::shapes::union::{union, union_enum, union_read};

/// The name of a field in JSON.
macro_rules! json_key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

pub(crate) use json_key;
