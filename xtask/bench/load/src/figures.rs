//! The figures, each measured and printed by itself.

pub(crate) mod latency;
pub(crate) mod memory;
pub(crate) mod neighbors;
pub(crate) mod pace;
pub(crate) mod recovery;
pub(crate) mod refusals;
pub(crate) mod saturation;
pub(crate) mod shape;
