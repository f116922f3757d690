#![doc = include_str!("../README.md")]

pub mod damping;
pub mod verdict;
