//! The fields of a JSON object, read by name.

use crate::json::tree::Members;
use crate::json::{Fault, FromJson, Tree};

/// A JSON object whose fields are read one by one; those that nobody asks for are passed over.
pub(crate) struct Object<'a>(&'a Members<'a>);

impl<'a> Object<'a> {
    pub(crate) fn of(value: &'a Tree<'a>) -> Result<Self, Fault> {
        match value {
            Tree::Object(members) => Ok(Self(members)),
            _ => Err(Fault::expected("an object")),
        }
    }

    pub(crate) fn required<T: FromJson>(&self, field: &'static str) -> Result<T, Fault> {
        let value = self.0.get(field).unwrap_or(&Tree::Null);
        T::from_json(value).map_err(|fault| fault.within(field))
    }

    /// A field that is absent or `null` gives nothing.
    #[inline]
    pub(crate) fn optional<T: FromJson>(&self, field: &'static str) -> Result<Option<T>, Fault> {
        match self.0.get(field) {
            None | Some(Tree::Null) => Ok(None),
            Some(value) => T::from_json(value)
                .map(Some)
                .map_err(|fault| fault.within(field)),
        }
    }
}
