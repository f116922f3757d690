//! A union: one of several types.

/// Makes a union of each direction. A `received` one is told by the value of its `by` field, unless it is a scalar or
/// an array, which `plain` members are. What is none of them, or does not look as it should, is kept as it came.
macro_rules! union {
    ($(#[$meta:meta])* sent $($rest:tt)*) => {
        $crate::shapes::union_enum! { $(#[$meta])* $($rest)* }
    };
    ($(#[$meta:meta])* received $($rest:tt)*) => {
        $crate::shapes::union_enum! { $(#[$meta])* $($rest)* }
        $crate::shapes::union_read! { $($rest)* }
    };
}

macro_rules! union_enum {
    (
        $(#[$meta:meta])*
        $name:ident $(by $tag:literal)? {
            plain { $($plain:ident($ptype:ty),)* }
            tagged { $($($value:literal =>)? $variant:ident($type:ty) from $member:ty,)* }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("A `", stringify!($ptype), "`.")] $plain($ptype),)*
            $(#[doc = concat!("A [`", stringify!($member), "`].")] $variant($type),)*
            /// Something newer than this library, as it came.
            Unknown(serde_json::Value),
        }

        $(impl From<$ptype> for $name {
            fn from(value: $ptype) -> Self {
                Self::$plain(value)
            }
        })*

        $(impl From<$member> for $name {
            fn from(value: $member) -> Self {
                Self::$variant(value.into())
            }
        })*

        // For fields that are boxed because a union may hold itself.
        $(impl From<$ptype> for Box<$name> {
            fn from(value: $ptype) -> Self {
                Self::new(value.into())
            }
        })*

        $(impl From<$member> for Box<$name> {
            fn from(value: $member) -> Self {
                Self::new(value.into())
            }
        })*

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$plain(value) => value.serialize(serializer),)*
                    $(Self::$variant(value) => value.serialize(serializer),)*
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }
    };
}

macro_rules! union_read {
    (
        $name:ident by $tag:literal {
            plain { $($plain:ident($ptype:ty),)* }
            tagged { $($value:literal => $variant:ident($type:ty) from $member:ty,)* }
        }
    ) => {
        impl $crate::json::FromJson for $name {
            fn from_json(value: &$crate::json::Tree<'_>) -> Result<Self, $crate::json::Fault> {
                if value.is_null() {
                    return Err($crate::json::Fault::expected("a value"));
                }
                $(if let Ok(plain) = <$ptype>::from_json(value) {
                    return Ok(Self::$plain(plain));
                })*
                let tag = value.get($tag).and_then($crate::json::Tree::as_str);
                let known = match tag {
                    $(Some($value) => <$type>::from_json(value).ok().map(Self::$variant),)*
                    _ => None,
                };
                Ok(known.unwrap_or_else(|| Self::Unknown(value.to_value())))
            }
        }

        $crate::json::deserialize_by_json!($name);
    };
}

pub(crate) use {union, union_enum, union_read};
