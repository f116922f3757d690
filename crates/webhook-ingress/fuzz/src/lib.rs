#![doc = include_str!("../README.md")]

pub mod ingress;
mod site;
mod wire;
