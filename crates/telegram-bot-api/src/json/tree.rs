//! JSON as a tree that borrows its text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

/// A JSON value. Unlike [`Value`] it borrows what needs no unescaping, and an object is a list: Telegram's have a handful of
/// members, while the types that are read from them ask for a hundred.
#[derive(Debug)]
pub(crate) enum Tree<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Members<'a>),
}

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    list: Vec<(Cow<'a, str>, Tree<'a>)>,
    /// A bit for each name, several of which may share one: most names that are asked for are not there.
    names: u64,
}

impl<'a> Tree<'a> {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The same for good.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.as_ref().to_owned()),
            Self::Array(values) => values.iter().map(Self::to_value).collect(),
            Self::Object(members) => members
                .list
                .iter()
                .map(|(name, value)| (name.as_ref().to_owned(), value.to_value()))
                .collect(),
        }
    }
}

impl<'a> Members<'a> {
    /// A member by its name; of several the last.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Tree<'a>> {
        if self.names & bit(name) == 0 {
            return None;
        }
        self.find(name)
    }

    fn find(&self, name: &str) -> Option<&Tree<'a>> {
        let mut list = self.list.iter().rev();
        list.find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    fn push(&mut self, name: Cow<'a, str>, value: Tree<'a>) {
        self.names |= bit(&name);
        self.list.push((name, value));
    }
}

/// Where a name is marked. For a name that is known when this is compiled, so is the answer.
#[inline(always)]
fn bit(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let byte = |place: usize| bytes.get(place).copied().map_or(0, u32::from);
    let length = bytes.len();
    let mixed = byte(0) * 7 + byte(length / 2) * 5 + byte(length.wrapping_sub(1)) * 3;
    1 << (mixed.wrapping_add(length as u32 * 11) & 63)
}

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element()? {
            array.push(value);
        }
        Ok(Tree::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members {
            list: Vec::with_capacity(USUAL),
            names: 0,
        };
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push(name, value);
        }
        Ok(Tree::Object(members))
    }
}

/// A name, borrowed where that is possible: `Cow` itself never is.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// Members that most objects do not exceed.
const USUAL: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|number: f64| Value::from(number)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..8)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_tree_is_what_the_text_says(value in values()) {
            let text = value.to_string();
            let tree: Tree<'_> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(tree.to_value(), serde_json::from_str::<Value>(&text).unwrap());
        }
    }

    #[test]
    fn a_member_is_found_by_its_name_and_of_several_the_last() {
        let tree: Tree<'_> = serde_json::from_str(r#"{"a":1,"\u0062":2,"a":3,"":4}"#).unwrap();
        let get = |name| tree.get(name).and_then(Tree::as_i64);
        assert_eq!(
            (get("a"), get("b"), get(""), get("c")),
            (Some(3), Some(2), Some(4), None)
        );
        assert_eq!(tree.to_value(), json!({"a": 3, "b": 2, "": 4}));
    }
}
