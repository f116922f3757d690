//! What a process has used of the machine, as the kernel counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The CPU time of all threads of a process that are still there.
///
/// Counted in nanoseconds, unlike the ticks of `/proc/<pid>/stat`. Threads that have ended are missing: the receivers end
/// none while they are measured.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let mut sum = 0;
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .with_context(|| format!("process {process} is gone"))?;
    for task in tasks {
        // A thread may end between the listing and the reading.
        let Ok(told) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        sum += told
            .split_whitespace()
            .next()
            .map_or(Ok(0), str::parse::<u64>)?;
    }
    Ok(Duration::from_nanos(sum))
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) resident: u64,
    /// Of that, what is its own and not a file's.
    pub(crate) anonymous: u64,
    /// The most there ever was.
    pub(crate) peak: u64,
}

pub(crate) fn memory(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .with_context(|| format!("process {process} is gone"))?;
    let kilobytes = |name: &str| -> Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        let number = number.with_context(|| format!("the kernel tells no {name}"))?;
        Ok(number.parse::<u64>()? * 1_024)
    };
    Ok(Memory {
        resident: kilobytes("VmRSS:")?,
        anonymous: kilobytes("RssAnon:")?,
        peak: kilobytes("VmHWM:")?,
    })
}
