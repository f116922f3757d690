//! The Bot API: one entry for every call, wherever it came from.

pub(crate) mod answer;
mod answers;
pub(crate) mod call;
pub(crate) mod http;
mod info;
mod media;
mod messages;
pub(crate) mod methods;
mod rest;
mod setting;
mod token;
pub(crate) mod updates;
mod webhook;
