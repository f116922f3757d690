#![doc = include_str!("../README.md")]

mod error;
mod file;
mod hkdf;
mod length_prefixed;
mod mac;
mod material;
mod ring;
mod shared;
mod text;

pub use crate::error::{Error, Result};
pub use crate::hkdf::Hkdf;
pub use crate::length_prefixed::LengthPrefixed;
pub use crate::mac::Mac;
pub use crate::material::{DerivedKey, MasterKey, Purpose};
pub use crate::ring::{KeyRing, KeyState};
pub use crate::shared::{Derived, SharedKeyRing};
