//! The webhook sender: what Telegram does with a bot's updates once a webhook is set.

mod connection;
mod connections;
mod growth;
mod reply;
mod request;
mod response;
mod schedule;
pub(crate) mod sender;
mod stream;
mod suffering;
