//! What every identifier has in common, written once.

/// Makes an identifier that is text: ordered, hashable, cheap to clone, checked when parsed.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident($store:ty), $what:expr, $shape:expr, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "diesel",
            derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow),
            diesel(sql_type = diesel::sql_types::Text)
        )]
        pub struct $name($store);

        impl $name {
            /// The identifier as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(<$store>::from(text)))
                } else {
                    Err($crate::text::InvalidId { what: $what, shape: $shape })
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "diesel")]
        const _: () = {
            use diesel::backend::Backend;
            use diesel::sql_types::Text;
            use diesel::{deserialize, serialize};

            impl<DB: Backend> serialize::ToSql<Text, DB> for $name
            where
                str: serialize::ToSql<Text, DB>,
            {
                fn to_sql<'b>(
                    &'b self,
                    out: &mut serialize::Output<'b, '_, DB>,
                ) -> serialize::Result {
                    <str as serialize::ToSql<Text, DB>>::to_sql(&self.0, out)
                }
            }

            impl<DB: Backend> deserialize::FromSql<Text, DB> for $name
            where
                String: deserialize::FromSql<Text, DB>,
            {
                fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
                    Ok(<String as deserialize::FromSql<Text, DB>>::from_sql(raw)?.parse()?)
                }
            }
        };
    };
}

/// Makes an identifier that is text: a prefix and a ULID.
macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $prefix:literal) => {
        $crate::macros::text_id! {
            $(#[$doc])*
            $name($crate::text::Fixed<{ $prefix.len() + $crate::text::ULID }>), $what,
            concat!($prefix, "<ulid>: 26 characters of Crockford's base 32"),
            |text| text.strip_prefix($prefix).is_some_and($crate::text::is_ulid)
        }

        impl $name {
            /// A new one, from the time in milliseconds since 1970 and 80 random bits.
            ///
            /// It identifies, and sorts by time; it is not a secret.
            #[must_use]
            pub fn from_parts(unix_ms: u64, random: [u8; 10]) -> Self {
                Self($crate::text::Fixed::ulid($prefix, unix_ms, random))
            }

            /// All there is to it in half the room: what a map of many holds. Its order is that of the identifiers.
            #[must_use]
            pub fn to_bits(&self) -> u128 {
                $crate::text::ulid_bits(&self.0)
            }

            /// The identifier that has these bits.
            #[must_use]
            pub fn from_bits(bits: u128) -> Self {
                Self($crate::text::Fixed::of_bits($prefix, bits))
            }
        }
    };
}

/// Makes an identifier that is a number: a `$inner` to whoever uses it, a `BigInt` in a database.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "diesel",
            derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow),
            diesel(sql_type = diesel::sql_types::BigInt)
        )]
        // Invariant: holds a value of `$inner`. It is an i64 so that it can be bound by reference.
        pub struct $name(i64);

        impl $name {
            /// The identifier of this number.
            #[must_use]
            pub const fn new(number: $inner) -> Self {
                Self(number as i64)
            }

            /// The number.
            #[must_use]
            pub const fn value(self) -> $inner {
                self.0 as $inner
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self::new)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.value().serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$inner>::deserialize(deserializer).map(Self::new)
            }
        }

        #[cfg(feature = "diesel")]
        const _: () = {
            use diesel::backend::Backend;
            use diesel::sql_types::BigInt;
            use diesel::{deserialize, serialize};

            impl<DB: Backend> serialize::ToSql<BigInt, DB> for $name
            where
                i64: serialize::ToSql<BigInt, DB>,
            {
                fn to_sql<'b>(
                    &'b self,
                    out: &mut serialize::Output<'b, '_, DB>,
                ) -> serialize::Result {
                    self.0.to_sql(out)
                }
            }

            impl<DB: Backend> deserialize::FromSql<BigInt, DB> for $name
            where
                i64: deserialize::FromSql<BigInt, DB>,
            {
                fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
                    let number = <i64 as deserialize::FromSql<BigInt, DB>>::from_sql(raw)?;
                    Ok(Self::new(<$inner>::try_from(number)?))
                }
            }
        };
    };
}

pub(crate) use {number_id, text_id, ulid_id};
