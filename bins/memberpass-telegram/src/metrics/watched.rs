//! How the bots are, who looks after them, and who hears of it.

use std::collections::BTreeMap;

use super::Metrics;
use super::page::Page;

impl Metrics {
    /// How the bots stand, and what it costs to know.
    pub(super) fn add_health(&self, page: &mut Page) {
        let figures = self.health.figures();
        let (mut by_cause, mut by_outcome) = (BTreeMap::new(), BTreeMap::new());
        for (cause, outcome, count) in figures.inspections {
            *by_cause.entry(cause.as_str()).or_insert(0) += count;
            *by_outcome.entry(outcome.as_str()).or_insert(0) += count;
        }
        let standing = figures.connections.iter();
        page.gauges(
            "memberpass_health_bots",
            "Bots by how they stand.",
            "code",
            standing.map(|(code, count)| (code.as_str(), *count)),
        );
        for (name, help, label, values) in [
            (
                "inspections",
                "Inspections, by what led to them.",
                "cause",
                by_cause,
            ),
            (
                "inspected",
                "Inspections, by what they showed.",
                "outcome",
                by_outcome,
            ),
        ] {
            page.counters(&format!("memberpass_health_{name}"), help, label, values);
        }
        for (name, help, value) in [
            ("changes", "Changes of how a bot stands.", figures.changes),
            (
                "healed",
                "Bots registered anew that had been disabled.",
                figures.healed,
            ),
            (
                "turned_away",
                "Signals that too many others waited before.",
                figures.turned_away,
            ),
        ] {
            page.counter(&format!("memberpass_health_{name}"), help, value);
        }
        for (name, help, value) in [
            (
                "waiting",
                "Inspections that wait or are under way.",
                figures.waiting as u64,
            ),
            (
                "under_way",
                "Inspections that are being made.",
                figures.under_way as u64,
            ),
            (
                "sweep_visited",
                "Bots that the present round has looked at.",
                figures.sweep_visited,
            ),
            (
                "sweep_expected",
                "Bots that it has to look at.",
                figures.sweep_expected,
            ),
        ] {
            page.gauge(&format!("memberpass_health_{name}"), help, value);
        }
        let took = figures.sweep_took.unwrap_or_default().as_secs_f64();
        let name = "memberpass_health_sweep_seconds";
        page.gauge(name, "How long the last whole round took.", took);
    }

    /// Whose webhook is to be registered anew, and why.
    pub(super) async fn add_registrations(&self, page: &mut Page) {
        let Some((drift, _)) = self.drift.read().await else {
            return;
        };
        let name = "memberpass_registrations_due";
        page.gauge(name, "Bots to be registered anew.", drift.due);
        page.gauges(
            "memberpass_registrations_outdated",
            "Why: a bot may be due for more than one reason.",
            "reason",
            [
                ("key", drift.key),
                ("kinds", drift.kinds),
                ("max_connections", drift.max_connections),
                ("public_url", drift.public_url),
            ],
        );
    }

    /// What the platform's endpoints were told.
    pub(super) async fn add_events(&self, page: &mut Page) {
        let Some((figures, _)) = self.events.read().await else {
            return;
        };
        for (name, help, value) in [
            (
                "delivered",
                "Deliveries that were taken.",
                figures.delivered,
            ),
            (
                "attempts_failed",
                "Attempts that were not.",
                figures.failed_attempts,
            ),
            ("dead", "Deliveries given up.", figures.dead),
        ] {
            page.counter(&format!("memberpass_events_{name}"), help, value);
        }
        for (name, help, value) in [
            ("waiting", "Deliveries that wait.", figures.waiting),
            (
                "endpoints_disabled",
                "Endpoints disabled because deliveries failed.",
                figures.endpoints_disabled,
            ),
        ] {
            page.gauge(&format!("memberpass_events_{name}"), help, value);
        }
    }
}
