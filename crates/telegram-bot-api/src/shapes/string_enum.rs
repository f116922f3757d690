//! A string of which the values are known, until there is a new one.

/// Makes an enum of strings with room for unknown ones.
macro_rules! string_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`.")] $variant,)*
            /// A value that is newer than this library.
            Unknown(Box<str>),
        }

        impl $name {
            /// The values that are known.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The value as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Unknown(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)*
                    _ => Self::Unknown(value.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::json::FromJson for $name {
            fn from_json(value: &$crate::json::Tree<'_>) -> Result<Self, $crate::json::Fault> {
                let value = value.as_str().ok_or_else(|| $crate::json::Fault::expected("a string"))?;
                Ok(Self::from(value))
            }
        }

        $crate::json::deserialize_by_json!($name);
    };
}

pub(crate) use string_enum;
