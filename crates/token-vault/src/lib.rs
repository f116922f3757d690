#![doc = include_str!("../README.md")]

mod aead;
mod context;
mod error;
mod record;
mod vault;

pub use crate::context::{SecretContext, TokenContext};
pub use crate::error::OpenError;
pub use crate::record::{SealedSecret, SealedToken};
pub use crate::vault::TokenVault;
