//! What the disk takes to keep something, measured on the same file system beside every figure.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::latencies::Latencies;

/// The disk's own share, in words.
pub(crate) fn line(disk: &Latencies) -> String {
    let us = |part| disk.quantile(part).as_secs_f64() * 1e6;
    format!(
        "- fdatasync of 4 KiB on the same disk, beside: p50 {:.0} µs, p99 {:.0} µs\n",
        us(0.5),
        us(0.99)
    )
}

/// Appends 4 KiB to a file and waits until it is on disk, so many times.
pub(crate) fn fdatasync(folder: &Path, times: usize) -> Result<Latencies> {
    let path = folder.join("fdatasync");
    let mut file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.as_mut().map_err(|error| anyhow::anyhow!("{error}"));
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    let mut latencies = Latencies::default();
    for _ in 0..times {
        file.write_all(&[7; 4_096])?;
        let began = Instant::now();
        file.sync_data()?;
        latencies.add(began.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(latencies)
}
