//! What the disk takes to keep something, measured on the same file system beside every figure.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
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

/// Writes 4 KiB over what a file has and waits until it is on disk, so many times: what a database does whose log has
/// its length already. A file that grows would take longer.
pub(crate) fn fdatasync(folder: &Path, times: u64) -> Result<Latencies> {
    let path = folder.join("fdatasync");
    let mut file =
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(&vec![7; BLOCK * BLOCKS])?;
    file.sync_all()?;
    let mut latencies = Latencies::default();
    for turn in 0..times {
        let at = turn as usize % BLOCKS * BLOCK;
        let began = Instant::now();
        file.write_all_at(&[8; BLOCK], at as u64)?;
        file.sync_data()?;
        latencies.add(began.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(latencies)
}

const BLOCK: usize = 4_096;
const BLOCKS: usize = 1_024;
