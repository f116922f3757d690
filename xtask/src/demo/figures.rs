//! Times: percentiles, and how long this disk takes to keep a few bytes.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The smallest value that `percent` of all values do not exceed; none of nothing.
pub(crate) fn percentile(values: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The median of 101 calls of fdatasync, each after a write of one page, on the disk that holds this folder.
pub(crate) fn fdatasync_median(folder: &Path) -> Result<Duration> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path).context("cannot measure fdatasync")?;
    let page = [7; 4_096];
    let mut times = Vec::new();
    for _ in 0..101 {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(path)?;
    percentile(&times, 50).context("nothing was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 50), Some(Duration::from_millis(50)));
        assert_eq!(percentile(&values, 99), Some(Duration::from_millis(99)));
        assert_eq!(
            percentile(&values[..1], 99),
            Some(Duration::from_millis(100))
        );
        assert_eq!(percentile(&[], 50), None);
    }
}
