//! The fields of a JSON object, read by name.

use serde_json::{Map, Value};

use crate::json::{Fault, FromJson};

/// A JSON object whose fields are read one by one; those that nobody asks for are passed over.
pub(crate) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self, Fault> {
        value
            .as_object()
            .map(Self)
            .ok_or_else(|| Fault::expected("an object"))
    }

    pub(crate) fn required<T: FromJson>(&self, field: &'static str) -> Result<T, Fault> {
        let value = self.0.get(field).unwrap_or(&Value::Null);
        T::from_json(value).map_err(|fault| fault.within(field))
    }

    /// A field that is absent or `null` gives nothing.
    pub(crate) fn optional<T: FromJson>(&self, field: &'static str) -> Result<Option<T>, Fault> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::from_json(value)
                .map(Some)
                .map_err(|fault| fault.within(field)),
        }
    }
}
