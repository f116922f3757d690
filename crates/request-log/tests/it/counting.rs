use std::time::Duration;

use request_log::{Config, Outcome, RequestRecord};

use crate::harness::{accepted, connection, held_back, project, rejected, stands_for, with_log};

#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_folded_beyond_the_first_and_counted_exactly() {
    let config = Config {
        full_per_prefix: 3,
        ..held_back()
    };
    with_log(config, async |logged| {
        for second in 0..150 {
            for host in 0..4 {
                let record = rejected(logged.at(second), &format!("192.0.2.{host}"));
                logged.log.record(RequestRecord {
                    outcome: Outcome::RejectedBadMethod,
                    ..record.clone()
                });
                logged.log.record(record);
            }
            logged.hands.advance(Duration::from_secs(1));
        }
        let rows = logged.all().await;
        assert_eq!(stands_for(&rows), 150 * 4 * 2);
        let full = rows.iter().filter(|row| row.request_id.is_some()).count();
        assert_eq!(full, 3 * 2 * 3, "minutes, outcomes, rows");
        let folds: Vec<_> = rows.iter().filter(|row| row.request_id.is_none()).collect();
        assert_eq!(folds.len(), 3 * 2);
        for fold in folds {
            assert_eq!(fold.remote.as_deref(), Some("192.0.2.0/24"));
            assert_eq!(fold.bytes, fold.stands_for * 100);
        }
        let counts = logged.log.counts_by_outcome(logged.start).await.unwrap();
        let each = 150 * 4;
        assert_eq!(
            counts,
            [
                (Outcome::RejectedUnknownPath, each),
                (Outcome::RejectedBadMethod, each)
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_against_one_bot_keeps_its_project() {
    let config = Config {
        full_per_prefix: 1,
        ..Config::default()
    };
    with_log(config, async |logged| {
        for of in [1, 2, 1, 2, 1] {
            logged.log.record(RequestRecord {
                connection: Some(connection(of)),
                project: Some(project(of)),
                outcome: Outcome::RejectedWrongSecret,
                ..rejected(logged.at(0), "192.0.2.1")
            });
        }
        let rows = logged.all().await;
        let of_first: Vec<_> = rows
            .iter()
            .filter(|row| row.project == Some(project(1)))
            .map(|row| row.stands_for)
            .collect();
        assert_eq!(stands_for(&rows), 5);
        assert_eq!(of_first.iter().sum::<u64>(), 3);
        assert_eq!(of_first.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_addresses_own_no_more_of_the_disk_than_one() {
    with_log(Config::default(), async |logged| {
        for flood in 0..5_u64 {
            for host in 0..10_000_u64 {
                let remote = format!("10.{}.{}.{flood}", host / 256, host % 256);
                logged.log.record(rejected(logged.at(0), &remote));
                let remote = format!("2001:db8:{host:x}::{flood:x}");
                logged.log.record(rejected(logged.at(0), &remote));
            }
        }
        let config = Config::default();
        let rows = logged.all().await;
        assert_eq!(stands_for(&rows), 100_000);
        let most = config.full_per_minute as usize + config.prefixes + 1;
        assert!(rows.len() <= most, "{}", rows.len());
        let counts = logged.log.counts();
        assert_eq!(
            (counts.queued + counts.folded, counts.overflowed),
            (100_000, 0)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_requests_are_never_folded() {
    with_log(Config::default(), async |logged| {
        for update_id in 0..3_000 {
            logged.log.record(accepted(logged.at(0), 1, update_id));
        }
        let rows = logged.all().await;
        assert_eq!(rows.len(), 3_000);
        assert_eq!(stands_for(&rows), 3_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_queue_cannot_take_is_still_counted() {
    let config = Config {
        queue: 10,
        ..held_back()
    };
    with_log(config, async |logged| {
        for update_id in 0..25 {
            logged.log.record(accepted(logged.at(0), 1, update_id));
        }
        logged.log.record(RequestRecord {
            outcome: Outcome::Duplicate,
            ..accepted(logged.at(1), 1, 1)
        });
        let counts = logged.log.counts();
        assert_eq!(
            (counts.queued, counts.overflowed, counts.waiting),
            (10, 16, 10)
        );
        let rows = logged.all().await;
        assert_eq!((rows.len(), stands_for(&rows)), (12, 26));
        let counts = logged.log.counts_by_outcome(logged.start).await.unwrap();
        assert_eq!(counts, [(Outcome::Accepted, 25), (Outcome::Duplicate, 1)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_without_its_secret_folds_however_it_ends() {
    let config = Config {
        full_per_prefix: 1,
        ..Config::default()
    };
    with_log(config, async |logged| {
        for outcome in [Outcome::RejectedUnavailable, Outcome::RejectedCut] {
            for of in [1, 2, 1, 2, 1] {
                logged.log.record(RequestRecord {
                    connection: Some(connection(of)),
                    outcome,
                    ..rejected(logged.at(0), "192.0.2.1")
                });
                logged.log.record(RequestRecord {
                    outcome,
                    ..accepted(logged.at(0), of, 1)
                });
            }
        }
        let counts = logged.log.counts();
        // One row of its own for each connection and outcome; all of those with proof.
        assert_eq!((counts.queued, counts.folded), (4 + 10, 6));
        let of_cut = Outcome::ALL
            .iter()
            .position(|one| *one == Outcome::RejectedCut);
        assert_eq!(counts.outcomes[of_cut.unwrap()], 10);
    })
    .await;
}
