//! How long things took: all of them, so that any quantile is exact.

use std::time::Duration;

/// Durations up to four seconds, each to the nanosecond; longer ones count as four seconds.
#[derive(Clone, Default)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0
            .push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// The smallest that this part of all does not exceed; nothing took no time.
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let mut sorted = self.0.clone();
        let Some(last) = sorted.len().checked_sub(1) else {
            return Duration::ZERO;
        };
        let at = ((last as f64) * part).round() as usize;
        let (_, found, _) = sorted.select_nth_unstable(at.min(last));
        Duration::from_nanos(u64::from(*found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact() {
        let mut all = Latencies::default();
        for micros in (0..=100).rev() {
            all.add(Duration::from_micros(micros));
        }
        assert_eq!(all.quantile(0.5), Duration::from_micros(50));
        assert_eq!(all.quantile(0.99), Duration::from_micros(99));
        assert_eq!(Latencies::default().quantile(0.5), Duration::ZERO);
    }
}
