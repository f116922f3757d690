use std::time::Duration;

use clock::Timestamp;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use request_log::{
    Became, Config, Error, Filter, LoggedRequest, Outcome, RequestLog, UpdateRecord,
};

use crate::harness::{Logged, accepted, connection, held_back, project, rejected, with_log};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Logged {
    async fn segments(&self) -> i64 {
        let mut connection = self.database.connect().await.unwrap();
        let query = sql_query("SELECT COUNT(*) AS count FROM request_segments");
        let count: Count = connection.fetch_one(query).await.unwrap();
        count.count
    }

    /// So long after, no segment is written on.
    async fn end_segment(&self) {
        self.log.flush().await.unwrap();
        self.hands.advance(Duration::from_secs(3_600));
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn walk(&self, filter: &Filter, limit: u32) -> Vec<LoggedRequest> {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = self.log.requests_list(filter, after, limit).await.unwrap();
            assert!(page.requests.len() <= limit as usize);
            seen.extend(page.requests);
            after = page.next;
            if after.is_none() {
                return seen;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_server_writes_one_segment_an_hour() {
    with_log(held_back(), async |logged| {
        for update_id in 0..30 {
            logged.log.record(accepted(logged.now(), 1, update_id));
            logged.log.flush().await.unwrap();
            logged.hands.advance(Duration::from_secs(240));
        }
        assert_eq!(logged.segments().await, 2);
        assert_eq!(logged.all().await.len(), 30);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_begins_a_segment_with_each_batch() {
    with_log(held_back(), async |logged| {
        for batch in 0..3 {
            for update_id in 0..1_500 {
                let update_id = batch * 1_500 + update_id;
                logged.log.record(accepted(logged.now(), 1, update_id));
            }
            logged.log.flush().await.unwrap();
        }
        assert_eq!(logged.segments().await, 3);
        let rows = logged.walk(&Filter::default(), 700).await;
        let ids = rows.iter().filter_map(|row| row.update_id);
        assert!(ids.eq((0..4_500).rev()));
    })
    .await;
}

/// More segments than two runs have, with projects that are everywhere, now and then, and once; the clock steps back in
/// between. What every filter finds is compared with a list.
#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_what_is_there_across_many_segments() {
    with_log(held_back(), async |logged| {
        let mut model: Vec<(Timestamp, u8, Outcome, i64)> = Vec::new();
        for number in 0..200_i64 {
            let at = logged.now();
            let mut owners = vec![1];
            owners.extend((number % 10 == 0).then_some(2));
            owners.extend((number == 3).then_some(3));
            for of in owners {
                logged.log.record(accepted(at, of, number));
                model.push((at, of, Outcome::Accepted, number));
            }
            if number % 40 == 7 {
                let mut reject = rejected(at, "192.0.2.1");
                reject.update_id = Some(number);
                logged.log.record(reject);
                model.push((at, 0, Outcome::RejectedUnknownPath, number));
            }
            logged.end_segment().await;
            if number == 80 {
                logged
                    .hands
                    .set(logged.start + Duration::from_secs(50 * 3_600 + 7));
            }
        }
        assert!(logged.segments().await > 2 * 64, "two runs have an index");
        model.reverse();
        let middle = logged.start + Duration::from_secs(70 * 3_600);
        let later = logged.start + Duration::from_secs(100 * 3_600);
        let owners = [None, Some(1), Some(2), Some(3), Some(4)];
        let outcomes = [None, Some(Outcome::RejectedUnknownPath)];
        let times = [
            (None, None),
            (Some(middle), None),
            (None, Some(middle)),
            (Some(middle), Some(later)),
        ];
        for of in owners {
            for outcome in outcomes {
                for (since, until) in times {
                    let filter = Filter {
                        project: of.map(project),
                        outcome,
                        since,
                        until,
                    };
                    let found: Vec<_> = logged
                        .walk(&filter, 7)
                        .await
                        .into_iter()
                        .map(|row| row.update_id)
                        .collect();
                    let wanted: Vec<_> = model
                        .iter()
                        .filter(|(at, by, how, _)| {
                            of.is_none_or(|of| of == *by)
                                && outcome.is_none_or(|outcome| outcome == *how)
                                && since.is_none_or(|since| *at >= since)
                                && until.is_none_or(|until| *at < until)
                        })
                        .map(|(.., number)| Some(*number))
                        .collect();
                    assert_eq!(found, wanted, "{filter:?}");
                }
            }
        }
    })
    .await;
}

fn settled(of: u8, update_id: i64, at: Timestamp, calls: u32) -> UpdateRecord {
    UpdateRecord {
        connection: connection(of),
        update_id,
        at,
        what: Became::Replied { calls },
        handler_us: 5,
    }
}

fn calls(row: &LoggedRequest) -> Option<u32> {
    match row.became.as_ref()?.what {
        Became::Replied { calls } => Some(calls),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_an_update_is_told_however_late_it_is_known() {
    with_log(held_back(), async |logged| {
        let log = &logged.log;
        // An answer that overtakes its request.
        log.handled(settled(1, 0, logged.now(), 10));
        logged.end_segment().await;
        for update_id in 0..6 {
            log.record(accepted(logged.now(), 1, update_id));
        }
        log.handled(settled(1, 1, logged.now(), 11));
        logged.end_segment().await;
        log.handled(settled(1, 2, logged.now(), 12));
        // Settled, and settled again.
        log.handled(settled(1, 1, logged.now(), 21));
        // Another's update of that number.
        log.handled(settled(2, 5, logged.now(), 99));
        logged.end_segment().await;
        for _ in 0..70 {
            log.record(accepted(logged.now(), 3, 1));
            logged.end_segment().await;
        }
        log.handled(settled(1, 3, logged.now(), 13));
        log.close().await;

        // Another process, which knows nothing of the requests before.
        let log = RequestLog::start(logged.database.clone(), held_back(), logged.clock.clone());
        let log = log.await.unwrap();
        log.handled(settled(1, 4, logged.now(), 14));
        log.flush().await.unwrap();
        let filter = Filter {
            project: Some(project(1)),
            ..Filter::default()
        };
        let page = log.requests_list(&filter, None, 9).await.unwrap();
        let told: Vec<_> = page.requests.iter().rev().map(calls).collect();
        assert_eq!(
            told,
            [Some(10), Some(21), Some(12), Some(13), Some(14), None]
        );
        log.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_process_goes_on_after_the_last() {
    with_log(held_back(), async |logged| {
        logged.log.record(accepted(logged.now(), 1, 1));
        logged.log.close().await;
        for update_id in 2..5 {
            let log = RequestLog::start(
                logged.database.clone(),
                Config::default(),
                logged.clock.clone(),
            );
            let log = log.await.unwrap();
            log.record(accepted(logged.now(), 1, update_id));
            log.close().await;
        }
        assert_eq!(logged.segments().await, 4);
        let ids = logged
            .walk(&Filter::default(), 2)
            .await
            .into_iter()
            .filter_map(|row| row.update_id);
        assert!(ids.eq((1..5).rev()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_begin_in_the_middle_of_a_segment() {
    with_log(held_back(), async |logged| {
        for second in 0..10 {
            logged.log.record(accepted(logged.at(second), 1, 1));
        }
        logged.end_segment().await;
        logged.log.record(accepted(logged.now(), 1, 1));
        logged.log.flush().await.unwrap();
        let counts = logged.log.counts_by_outcome(logged.at(7)).await.unwrap();
        assert_eq!(counts, [(Outcome::Accepted, 4)]);
        let counts = logged.log.counts_by_outcome(logged.now()).await.unwrap();
        assert_eq!(counts, [(Outcome::Accepted, 1)]);
        let never = logged.now() + Duration::from_secs(1);
        assert!(
            logged
                .log
                .counts_by_outcome(never)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_cannot_be_read_is_named() {
    with_log(held_back(), async |logged| {
        for _ in 0..2 {
            logged.log.record(accepted(logged.now(), 1, 1));
            logged.end_segment().await;
        }
        let list = async || {
            logged
                .log
                .requests_list(&Filter::default(), None, 9)
                .await
                .map(drop)
        };
        let change = async |change: &str| {
            let mut connection = logged.database.connect().await.unwrap();
            let statement = format!("UPDATE {change} WHERE segment = 1");
            assert_eq!(connection.run(sql_query(statement)).await.unwrap(), 1);
        };
        change("request_segments SET entries = 2").await;
        assert!(matches!(
            list().await,
            Err(Error::DamagedSegment { segment: 1, .. })
        ));
        let bytes = |hex: &str| {
            let is_sqlite = format!("{:?}", logged.database).contains("sqlite");
            if is_sqlite {
                format!("x'{hex}'")
            } else {
                format!("decode('{hex}', 'hex')")
            }
        };
        change(&format!("request_bodies SET body = {}", bytes("0100"))).await;
        let error = list().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "segment 1 of the request log is damaged: it ends in the middle of a record"
        );
        change(&format!("request_bodies SET body = {}", bytes("09"))).await;
        assert!(matches!(
            list().await,
            Err(Error::NewerSegment {
                segment: 1,
                format: 9
            })
        ));
        change(&format!(
            "request_segments SET outcomes = {}",
            bytes("ff01")
        ))
        .await;
        let counts = logged.log.counts_by_outcome(logged.start).await;
        assert!(matches!(
            counts,
            Err(Error::DamagedSegment { segment: 1, .. })
        ));
    })
    .await;
}
