//! What the server has done and holds, as OpenMetrics text: `GET /metrics` on the private listener. docs/METRICS.md says how
//! operators read it.

mod page;
mod reader;
mod watched;

use std::sync::Arc;

use bot_connection::{BotConnections, Drift};
use bot_health::BotHealth;
use bytes::Bytes;
use clock::Clock;
use futures_util::FutureExt as _;
use http::{Method, Response, StatusCode, header};
use http_body_util::Full;
use http_listener::{Counts, Monitor};
use platform_events::PlatformEvents;
use request_log::{Outcome, RequestLog};
use update_dispatcher::Dispatcher;
use update_inbox::{Depth, Inbox};

use self::page::Page;
use self::reader::Reader;
use crate::compose::Server;
use crate::logging::Lines;

pub(crate) const PATH: &str = "/metrics";

#[derive(Clone)]
pub(crate) struct Metrics {
    clock: Clock,
    depth: Reader<Depth>,
    dispatcher: Dispatcher,
    drift: Reader<Drift>,
    events: Reader<platform_events::Figures>,
    health: BotHealth,
    inbox: Inbox,
    lines: Arc<Lines>,
    private: Monitor,
    public: Monitor,
    request_log: RequestLog,
}

impl Metrics {
    /// The figures of a server, and of the log that goes to `lines`.
    pub(crate) fn of(server: &Server, lines: Arc<Lines>) -> Self {
        let clock = &server.upkeep.clock;
        Self {
            clock: clock.clone(),
            depth: depth(&server.inbox, clock),
            dispatcher: server.dispatcher.clone(),
            drift: drift(&server.upkeep.connections, clock),
            events: events(&server.upkeep.events, clock),
            health: server.upkeep.health.clone(),
            inbox: server.inbox.clone(),
            lines,
            private: server.private.monitor(),
            public: server.public.monitor(),
            request_log: server.request_log.clone(),
        }
    }

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
        let mut page = Page::default();
        self.add_written(&mut page);
        self.add_memory(&mut page);
        self.add_depth(&mut page).await;
        self.add_requests(&mut page);
        self.add_connections(&mut page);
        self.add_health(&mut page);
        self.add_registrations(&mut page).await;
        self.add_events(&mut page).await;
        let lost = "memberpass_log_lines_lost";
        page.counter(
            lost,
            "Log lines that nobody read in time.",
            self.lines.lost(),
        );
        page.end()
    }

    /// What the inbox has written.
    fn add_written(&self, page: &mut Page) {
        let figures = self.inbox.figures();
        for (name, help, value) in [
            (
                "updates_stored",
                "Updates received and stored.",
                figures.stored,
            ),
            (
                "updates_duplicate",
                "Updates that had come before.",
                figures.duplicates,
            ),
            (
                "updates_settled",
                "Updates finished or given up.",
                figures.settled,
            ),
            (
                "updates_expired",
                "Updates of disconnected bots let go of because their time was over.",
                figures.expired,
            ),
            (
                "commits_failed",
                "Commits that failed.",
                figures.failed_commits,
            ),
        ] {
            page.counter(&format!("memberpass_inbox_{name}"), help, value);
        }
        let (commit, whole) = (&figures.commit_us, &figures.transaction_us);
        for (name, help, histogram, unit) in [
            (
                "commit_updates",
                "Updates stored by a commit.",
                &figures.commit_updates,
                1.0,
            ),
            (
                "commit_seconds",
                "Time of a commit to reach the disk.",
                commit,
                1e-6,
            ),
            (
                "transaction_seconds",
                "Time of a commit with its statements and locks.",
                whole,
                1e-6,
            ),
        ] {
            page.histogram(&format!("memberpass_inbox_{name}"), help, histogram, unit);
        }
    }

    /// What waits in memory, and for what.
    fn add_memory(&self, page: &mut Page) {
        let figures = self.inbox.figures();
        let totals = self.dispatcher.totals();
        let failing = usize::from(self.inbox.is_failing());
        for (name, help, value) in [
            ("inbox_failing", "1 when the last commit failed.", failing),
            (
                "inbox_waiting",
                "Updates that wait to be stored.",
                figures.waiting,
            ),
            (
                "inbox_unsettled",
                "Updates whose end is not on disk yet.",
                figures.unsettled,
            ),
            (
                "dispatcher_running",
                "Updates that are being handled.",
                totals.running,
            ),
            (
                "dispatcher_waiting",
                "Updates that wait in memory.",
                totals.waiting,
            ),
        ] {
            page.gauge(&format!("memberpass_{name}"), help, value);
        }
    }

    /// What the inbox holds on disk. Without the database there is no depth, and all the rest still counts.
    async fn add_depth(&self, page: &mut Page) {
        let Some((depth, age)) = self.depth.read().await else {
            return;
        };
        for (name, help, value) in [
            ("pending", "Updates stored and not finished.", depth.pending),
            ("dead", "Dead letters.", depth.dead),
            (
                "quarantined",
                "Acknowledged requests that could not be read.",
                depth.quarantined,
            ),
        ] {
            page.gauge(&format!("memberpass_inbox_{name}"), help, value);
        }
        let now = self.clock.now();
        let oldest = depth
            .oldest_received_at
            .map_or(0.0, |at| now.since(at).as_secs_f64());
        let name = "memberpass_inbox_oldest_seconds";
        page.gauge(
            name,
            "Age of the oldest update that is not finished.",
            oldest,
        );
        let name = "memberpass_inbox_depth_age_seconds";
        page.gauge(name, "How long ago these were counted.", age.as_secs_f64());
    }

    /// What was asked of the webhook endpoint, and what the request log made of it.
    fn add_requests(&self, page: &mut Page) {
        let counts = self.request_log.counts();
        let outcomes = Outcome::ALL
            .map(Outcome::as_str)
            .into_iter()
            .zip(counts.outcomes);
        let requests = "memberpass_webhook_requests";
        page.counters(
            requests,
            "Requests to the webhook endpoint.",
            "outcome",
            outcomes,
        );
        for (name, help, value) in [
            (
                "requests_folded",
                "Unproved requests that share a row.",
                counts.folded,
            ),
            (
                "requests_overflowed",
                "Requests of which only a count was kept.",
                counts.overflowed,
            ),
            (
                "updates_dropped",
                "Lost records of what became of an update.",
                counts.updates_dropped,
            ),
            (
                "writes_failed",
                "Writes of the request log that failed.",
                counts.failed_writes,
            ),
        ] {
            page.counter(&format!("memberpass_request_log_{name}"), help, value);
        }
        let waiting = "memberpass_request_log_waiting";
        page.gauge(waiting, "Records that wait to be written.", counts.waiting);
    }

    fn add_connections(&self, page: &mut Page) {
        let (public, private) = (self.public.counts(), self.private.counts());
        let both =
            |value: fn(&Counts) -> u64| [("public", value(&public)), ("private", value(&private))];
        let open = both(|counts| counts.open as u64);
        page.gauges(
            "memberpass_listener_open",
            "Connections open now.",
            "listener",
            open,
        );
        for (name, help, values) in [
            (
                "accepted",
                "Connections served.",
                both(|counts| counts.accepted),
            ),
            (
                "evicted",
                "Connections that had proved nothing, ended to make room.",
                both(|counts| counts.evicted),
            ),
            (
                "turned_away",
                "Connections too many, closed at once.",
                both(|counts| counts.turned_away),
            ),
            ("requests", "Requests read.", both(|counts| counts.requests)),
            (
                "cut",
                "Connections cut by a deadline.",
                both(|counts| counts.cut),
            ),
        ] {
            page.counters(
                &format!("memberpass_listener_{name}"),
                help,
                "listener",
                values,
            );
        }
    }
}

fn depth(inbox: &Inbox, clock: &Clock) -> Reader<Depth> {
    let inbox = inbox.clone();
    Reader::new(clock.clone(), move || {
        let inbox = inbox.clone();
        async move { Ok(inbox.depth().await?) }.boxed()
    })
}

fn drift(connections: &BotConnections, clock: &Clock) -> Reader<Drift> {
    let connections = connections.clone();
    Reader::new(clock.clone(), move || {
        let connections = connections.clone();
        async move { Ok(connections.drift().await?) }.boxed()
    })
}

fn events(events: &PlatformEvents, clock: &Clock) -> Reader<platform_events::Figures> {
    let events = events.clone();
    Reader::new(clock.clone(), move || {
        let events = events.clone();
        async move { Ok(events.figures().await?) }.boxed()
    })
}

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests;
