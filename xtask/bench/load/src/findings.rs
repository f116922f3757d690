//! What the slices of one receiver gave, as a row of a table.

use std::time::Duration;

use crate::slice::Slice;
use crate::spread::Spread;

/// One receiver under one load.
#[derive(Default)]
pub(crate) struct Findings {
    /// CPU, as a multiple of bare hyper's in the slices before and after.
    pub(crate) times: Spread,
    pub(crate) cpu_us: Spread,
    pub(crate) per_second: Spread,
    pub(crate) p50_ms: Spread,
    pub(crate) p99_ms: Spread,
    pub(crate) finished_ms: Spread,
}

/// What the cells of a row are.
pub(crate) const HEADS: [&str; 4] = [
    "CPU ÷ bare hyper (range)",
    "CPU µs (range)",
    "requests/s",
    "p50 / p99 ms",
];

impl Findings {
    /// Adds a slice, and what a request cost bare hyper meanwhile.
    pub(crate) fn add(&mut self, slice: &Slice, bare_us: f64) {
        let latencies = &slice.outcome.latencies;
        self.times.add(slice.cpu_us() / bare_us);
        self.cpu_us.add(slice.cpu_us());
        self.per_second.add(slice.per_second());
        self.p50_ms.add(ms(latencies.quantile(0.5)));
        self.p99_ms.add(ms(latencies.quantile(0.99)));
        self.finished_ms.add(ms(slice.finished_after));
    }

    /// The cells of [`HEADS`], after one for the name.
    pub(crate) fn row(&self, name: &str) -> Vec<String> {
        vec![
            name.to_owned(),
            format!("{:.2}", self.times),
            format!("{:.1}", self.cpu_us),
            format!("{:.0}", self.per_second.median()),
            format!("{:.2} / {:.2}", self.p50_ms.median(), self.p99_ms.median()),
        ]
    }
}

/// In milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// In millions of bytes.
pub(crate) fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
