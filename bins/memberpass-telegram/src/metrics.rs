//! What the server has done and holds, as OpenMetrics text: `GET /metrics` on the private listener.

use std::fmt::{self, Write as _};

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use http_body_util::Full;
use update_dispatcher::Dispatcher;
use update_inbox::{Histogram, Inbox};

pub(crate) const PATH: &str = "/metrics";

#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) inbox: Inbox,
}

impl Metrics {
    pub(crate) async fn answer(&self, method: &Method) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::default());
        if method != Method::GET {
            *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let allow = header::HeaderValue::from_static("GET");
            answer.headers_mut().insert(header::ALLOW, allow);
            return answer;
        }
        *answer.body_mut() = self.text().await.into();
        let kind = header::HeaderValue::from_static(CONTENT_TYPE);
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        answer
    }

    async fn text(&self) -> String {
        let mut page = Page(String::new());
        let figures = self.inbox.figures();
        let stored = "memberpass_inbox_updates_stored";
        page.counter(stored, "Updates stored.", figures.stored);
        let duplicate = "memberpass_inbox_updates_duplicate";
        page.counter(
            duplicate,
            "Updates that had come before.",
            figures.duplicates,
        );
        let settled = "memberpass_inbox_updates_settled";
        page.counter(settled, "Updates finished or given up.", figures.settled);
        let updates = "memberpass_inbox_commit_updates";
        page.histogram(
            updates,
            "Updates stored by a commit.",
            &figures.commit_updates,
            1.0,
        );
        let seconds = "memberpass_inbox_commit_seconds";
        page.histogram(
            seconds,
            "Time of a commit to reach the disk.",
            &figures.commit_us,
            1e-6,
        );
        // Without the database there is no depth, and all the rest still counts.
        if let Ok(depth) = self.inbox.depth().await {
            let pending = "memberpass_inbox_pending";
            page.gauge(pending, "Updates stored and not finished.", depth.pending);
            page.gauge("memberpass_inbox_dead", "Dead letters.", depth.dead);
        }
        let totals = self.dispatcher.totals();
        let running = "memberpass_dispatcher_running";
        page.gauge(
            running,
            "Updates that are being handled.",
            totals.running as u64,
        );
        let waiting = "memberpass_dispatcher_waiting";
        page.gauge(
            waiting,
            "Updates that wait in memory.",
            totals.waiting as u64,
        );
        page.0 + "# EOF\n"
    }
}

struct Page(String);

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.line(format_args!("{name}_total {value}"));
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", help);
        self.line(format_args!("{name} {value}"));
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, unit: f64) {
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

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# TYPE {name} {kind}"));
        self.line(format_args!("# HELP {name} {help}"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = writeln!(self.0, "{line}");
    }
}

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_all() {
        let mut page = Page(String::new());
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
}
