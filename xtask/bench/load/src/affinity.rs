//! Which core runs what: what is measured on one, what measures on the other.

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the programs that are measured.
pub(crate) const SERVERS: usize = 0;
/// The core of the load, and of everything that stands for Telegram.
pub(crate) const LOAD: usize = 1;

/// Keeps this thread, and what it starts from now on, on one core.
pub(crate) fn stay_on(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores)
        .with_context(|| format!("core {core} cannot be had; two cores are needed"))
}

/// Does this on another core; a program that is started meanwhile stays there.
pub(crate) fn on<T>(core: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = sched_getaffinity(None)?;
    stay_on(core)?;
    let done = work();
    sched_setaffinity(None, &before)?;
    done
}
