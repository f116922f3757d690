//! What the server counts itself, as its private listener tells it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;

use crate::http;

/// One reading. Samples of one name are told apart by their labels, as written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// None when the server tells nothing.
    pub(crate) fn read(server: SocketAddr) -> Result<Option<Self>> {
        let (status, text) = http::get(server, "/metrics")?;
        Ok((status == 200).then(|| Self::parse(&text)))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// The sum of a name's samples.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        let belongs = |key: &str| {
            let rest = key.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
        };
        let found = self
            .0
            .iter()
            .filter(|(key, _)| belongs(key))
            .map(|(_, value)| *value);
        found.reduce(|sum, value| sum + value)
    }

    /// How much each bucket of a histogram has grown since an earlier reading, by its upper bound.
    pub(crate) fn buckets_since(&self, before: &Self, name: &str) -> Vec<(f64, f64)> {
        let prefix = format!("{name}_bucket{{");
        let bound = |key: &str| -> Option<f64> {
            let labels = key.strip_prefix(&prefix)?;
            let text = labels.split("le=\"").nth(1)?.split('"').next()?;
            if text == "+Inf" {
                Some(f64::INFINITY)
            } else {
                text.parse().ok()
            }
        };
        let grown = |key: &str, value: f64| value - before.0.get(key).copied().unwrap_or(0.0);
        let found = self
            .0
            .iter()
            .filter_map(|(key, value)| Some((bound(key)?, grown(key, *value))));
        let mut cumulative: Vec<(f64, f64)> = found.collect();
        cumulative.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut below = 0.0;
        let each = cumulative.into_iter().map(|(bound, count)| {
            let alone = count - below;
            below = count;
            (bound, alone)
        });
        each.collect()
    }
}

/// How large commits were between two readings: what part of all was of each size.
pub(crate) fn batches(before: Option<&Metrics>, after: Option<&Metrics>) -> String {
    let (Some(before), Some(after)) = (before, after) else {
        return "not told by this server".to_owned();
    };
    let buckets = after.buckets_since(before, "memberpass_inbox_commit_updates");
    let all: f64 = buckets.iter().map(|(_, count)| count).sum();
    let shown = buckets.iter().filter(|(_, count)| *count / all >= 0.005);
    let shown = shown.map(|(bound, count)| {
        let bound = if bound.is_finite() {
            format!("≤ {bound}")
        } else {
            "more".to_owned()
        };
        format!("{bound}: {:.0} %", count / all * 100.0)
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_summed_and_buckets_stand_alone() {
        let before = Metrics::parse(
            "a_bucket{le=\"1.0\"} 1\na_bucket{le=\"8.0\"} 1\na_bucket{le=\"+Inf\"} 1\n",
        );
        let after = Metrics::parse(
            "# TYPE a histogram\na_bucket{le=\"1.0\"} 3\na_bucket{le=\"8.0\"} 8\na_bucket{le=\"+Inf\"} 9\n\
             b_total{x=\"1\"} 2\nb_total{x=\"2\"} 3\nb_total_other 7\n# EOF\n",
        );
        assert_eq!(after.value("b_total"), Some(5.0));
        assert_eq!(after.value("c"), None);
        let buckets = after.buckets_since(&before, "a");
        assert_eq!(buckets, [(1.0, 2.0), (8.0, 5.0), (f64::INFINITY, 1.0)]);
    }
}
