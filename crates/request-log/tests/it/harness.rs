use std::time::Duration;

use clock::{Clock, ManualClock, Timestamp};
use ids::{ConnectionId, ProjectId, RequestId};
use request_log::{Config, Filter, KindName, LoggedRequest, Outcome, RequestLog, RequestRecord};
use store::testing::on_every_database;
use store::{Database, Schema};

/// A log to test, with what lies below it.
pub(crate) struct Logged {
    pub(crate) log: RequestLog,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) hands: ManualClock,
    pub(crate) start: Timestamp,
}

pub(crate) async fn with_log(config: Config, test: impl AsyncFn(Logged)) {
    on_every_database(Schema::Requests, async |database| {
        let (clock, hands) = Clock::manual();
        let start = clock.now();
        let log = RequestLog::start(database.clone(), config.clone(), clock.clone())
            .await
            .unwrap();
        test(Logged {
            log: log.clone(),
            database,
            clock,
            hands,
            start,
        })
        .await;
        log.close().await;
    })
    .await;
}

/// A log that writes nothing before it is told to.
pub(crate) fn held_back() -> Config {
    Config {
        batch: usize::MAX,
        linger: Duration::from_secs(3_600),
        ..Config::default()
    }
}

impl Logged {
    pub(crate) async fn all(&self) -> Vec<LoggedRequest> {
        self.log.flush().await.unwrap();
        let page = self
            .log
            .requests_list(&Filter::default(), None, 100_000)
            .await;
        page.unwrap().requests
    }

    pub(crate) fn at(&self, seconds: u64) -> Timestamp {
        self.start + Duration::from_secs(seconds)
    }
}

pub(crate) fn connection(number: u8) -> ConnectionId {
    ConnectionId::from_parts(1, [number; 10])
}

pub(crate) fn project(number: u8) -> ProjectId {
    format!("prj_{number}").parse().unwrap()
}

pub(crate) fn accepted(at: Timestamp, of: u8, update_id: i64) -> RequestRecord {
    RequestRecord {
        at,
        request_id: RequestId::from_parts(at.unix_ms(), [of; 10]),
        connection: Some(connection(of)),
        project: Some(project(of)),
        proved: true,
        remote: "149.154.160.1".parse().unwrap(),
        outcome: Outcome::Accepted,
        status: 200,
        bytes: 100,
        update_id: Some(update_id),
        kind: Some(KindName::from("message")),
        read_us: 1,
        store_us: 2,
        total_us: 3,
    }
}

pub(crate) fn rejected(at: Timestamp, remote: &str) -> RequestRecord {
    RequestRecord {
        connection: None,
        project: None,
        proved: false,
        remote: remote.parse().unwrap(),
        outcome: Outcome::RejectedUnknownPath,
        status: 404,
        update_id: None,
        kind: None,
        ..accepted(at, 0, 0)
    }
}

pub(crate) fn stands_for(rows: &[LoggedRequest]) -> u64 {
    rows.iter().map(|row| row.stands_for).sum()
}
