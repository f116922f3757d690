#![doc = include_str!("../README.md")]

mod bodies;
mod config;
mod head;
mod ingress;
mod milestones;
mod request_ids;
mod verdict;
mod visit;

pub use crate::config::IngressConfig;
pub use crate::head::SECRET_HEADER;
pub use crate::ingress::Ingress;
