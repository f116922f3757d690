//! OpenMetrics text.

use std::fmt::{self, Write as _};

use update_inbox::Histogram;

/// A page of families, in the order they are added.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.line(format_args!("{name}_total {value}"));
    }

    /// A counter with one value for each value of a label.
    pub(crate) fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) {
        self.family(name, "counter", help);
        for (which, value) in values {
            self.line(format_args!("{name}_total{{{label}=\"{which}\"}} {value}"));
        }
    }

    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: impl fmt::Display) {
        self.family(name, "gauge", help);
        self.line(format_args!("{name} {value}"));
    }

    /// A gauge with one value for each value of a label.
    pub(crate) fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) {
        self.family(name, "gauge", help);
        for (which, value) in values {
            self.line(format_args!("{name}{{{label}=\"{which}\"}} {value}"));
        }
    }

    pub(crate) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, unit: f64) {
        self.family(name, "histogram", help);
        let mut count = 0;
        let last = histogram.counts.len() - 1;
        for (place, more) in histogram.counts.iter().enumerate() {
            count += more;
            let bound = (1_u64 << place) as f64 * unit;
            match place == last {
                false => self.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {count}")),
                true => self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}")),
            }
        }
        self.line(format_args!("{name}_count {count}"));
        let sum = histogram.sum as f64 * unit;
        self.line(format_args!("{name}_sum {sum}"));
    }

    /// The whole text.
    pub(crate) fn end(self) -> String {
        self.0 + "# EOF\n"
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# TYPE {name} {kind}"));
        self.line(format_args!("# HELP {name} {help}"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = writeln!(self.0, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_all() {
        let mut page = Page::default();
        let mut histogram = Histogram::default();
        (histogram.counts[0], histogram.counts[2], histogram.sum) = (3, 2, 11);
        page.histogram("a", "Of a test.", &histogram, 1.0);
        let lines: Vec<&str> = page.0.lines().collect();
        assert_eq!(
            lines[2..5],
            [
                "a_bucket{le=\"1\"} 3",
                "a_bucket{le=\"2\"} 3",
                "a_bucket{le=\"4\"} 5"
            ]
        );
        let end = ["a_bucket{le=\"+Inf\"} 5", "a_count 5", "a_sum 11"];
        assert_eq!(lines[lines.len() - 3..], end);
    }

    #[test]
    fn a_label_tells_samples_apart() {
        let mut page = Page::default();
        page.counters("a", "Of a test.", "of", [("b", 1), ("c", 2)]);
        assert!(
            page.end()
                .ends_with("a_total{of=\"b\"} 1\na_total{of=\"c\"} 2\n# EOF\n")
        );
    }
}
