//! An object: a structure with required and optional fields.
//!
//! Optional fields are left out when they are absent. What Telegram sends is read (`received`), what bots send has a
//! constructor and setters (`sent`), and all can be written. `tag` is a field that has but one value, by which a union
//! tells its members apart; it is written and not kept. `quiet` hides the fields from `Debug`.

/// Makes an object of each direction.
macro_rules! object {
    ($(#[$meta:meta])* received quiet $($rest:tt)*) => {
        $crate::shapes::object_struct! { $(#[$meta])* #[derive(Clone, PartialEq)] $($rest)* }
        $crate::shapes::object_quiet! { $($rest)* }
        $crate::shapes::object_read! { $($rest)* }
        $crate::shapes::object_write! { $($rest)* }
    };
    ($(#[$meta:meta])* received $($rest:tt)*) => {
        $crate::shapes::object_struct! { $(#[$meta])* #[derive(Clone, Debug, PartialEq)] $($rest)* }
        $crate::shapes::object_read! { $($rest)* }
        $crate::shapes::object_write! { $($rest)* }
    };
    ($(#[$meta:meta])* sent $($rest:tt)*) => {
        $crate::shapes::object_struct! { $(#[$meta])* #[derive(Clone, Debug, PartialEq)] $($rest)* }
        $crate::shapes::object_new! { $($rest)* }
        $crate::shapes::object_write! { $($rest)* }
    };
    ($(#[$meta:meta])* both $($rest:tt)*) => {
        $crate::shapes::object_struct! { $(#[$meta])* #[derive(Clone, Debug, PartialEq)] $($rest)* }
        $crate::shapes::object_new! { $($rest)* }
        $crate::shapes::object_read! { $($rest)* }
        $crate::shapes::object_write! { $($rest)* }
    };
}

macro_rules! object_struct {
    (
        $(#[$meta:meta])*
        $name:ident $(tag $tag:literal = $value:literal)? {
            required { $($(#[$rmeta:meta])* $rfield:ident $(= $rkey:literal)?: $rtype:ty,)* }
            optional { $($(#[$ometa:meta])* $ofield:ident $(= $okey:literal)?: $otype:ty,)* }
        }
    ) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$rmeta])* pub $rfield: $rtype,)*
            $($(#[$ometa])* pub $ofield: Option<$otype>,)*
        }
    };
}

macro_rules! object_quiet {
    ($name:ident $($rest:tt)*) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

macro_rules! object_new {
    ($name:ident $(tag $tag:literal = $value:literal)? { required {} $($rest:tt)* }) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        $crate::shapes::object_new! { @ $name { required {} $($rest)* } }
    };
    ($name:ident $(tag $tag:literal = $value:literal)? { $($fields:tt)* }) => {
        $crate::shapes::object_new! { @ $name { $($fields)* } }
    };
    (
        @ $name:ident {
            required { $($(#[$rmeta:meta])* $rfield:ident $(= $rkey:literal)?: $rtype:ty,)* }
            optional { $($(#[$ometa:meta])* $ofield:ident $(= $okey:literal)?: $otype:ty,)* }
        }
    ) => {
        impl $name {
            /// One with what is required, and nothing else.
            #[must_use]
            pub fn new($($rfield: impl Into<$rtype>),*) -> Self {
                Self { $($rfield: $rfield.into(),)* $($ofield: None,)* }
            }

            $(
                #[doc = concat!("The same with `", $crate::shapes::json_key!($ofield $($okey)?), "`.")]
                #[must_use]
                pub fn $ofield(mut self, $ofield: impl Into<$otype>) -> Self {
                    self.$ofield = Some($ofield.into());
                    self
                }
            )*
        }
    };
}

macro_rules! object_read {
    (
        $name:ident $(tag $tag:literal = $value:literal)? {
            required { $($(#[$rmeta:meta])* $rfield:ident $(= $rkey:literal)?: $rtype:ty,)* }
            optional { $($(#[$ometa:meta])* $ofield:ident $(= $okey:literal)?: $otype:ty,)* }
        }
    ) => {
        impl $crate::json::FromJson for $name {
            fn from_json(value: &$crate::json::Tree<'_>) -> Result<Self, $crate::json::Fault> {
                let _object = $crate::json::Object::of(value)?;
                Ok(Self {
                    $($rfield: _object.required($crate::shapes::json_key!($rfield $($rkey)?))?,)*
                    $($ofield: _object.optional($crate::shapes::json_key!($ofield $($okey)?))?,)*
                })
            }
        }

        $crate::json::deserialize_by_json!($name);
    };
}

macro_rules! object_write {
    (
        $name:ident $(tag $tag:literal = $value:literal)? {
            required { $($(#[$rmeta:meta])* $rfield:ident $(= $rkey:literal)?: $rtype:ty,)* }
            optional { $($(#[$ometa:meta])* $ofield:ident $(= $okey:literal)?: $otype:ty,)* }
        }
    ) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::json::write(serializer, |_map: &mut S::SerializeMap| {
                    $(serde::ser::SerializeMap::serialize_entry(_map, $tag, $value)?;)?
                    $(serde::ser::SerializeMap::serialize_entry(_map, $crate::shapes::json_key!($rfield $($rkey)?), &self.$rfield)?;)*
                    $(if let Some(value) = &self.$ofield {
                        serde::ser::SerializeMap::serialize_entry(_map, $crate::shapes::json_key!($ofield $($okey)?), value)?;
                    })*
                    Ok(())
                })
            }
        }
    };
}

pub(crate) use {object, object_new, object_quiet, object_read, object_struct, object_write};
