use request_log::{
    Became, Config, Cursor, Filter, KindName, LoggedRequest, Outcome, RequestRecord, UpdateRecord,
};

use crate::harness::{accepted, connection, project, rejected, with_log};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_comes_back_as_it_was() {
    with_log(Config::default(), async |logged| {
        let record = RequestRecord {
            bytes: u64::MAX,
            remote: "2001:db8::7".parse().unwrap(),
            ..accepted(logged.at(0), 1, i64::MAX)
        };
        logged.log.record(record.clone());
        let [row] = <[LoggedRequest; 1]>::try_from(logged.all().await).unwrap();
        assert_eq!(row.at, record.at);
        assert_eq!(row.request_id, Some(record.request_id));
        assert_eq!(
            (row.connection, row.project),
            (record.connection, record.project)
        );
        assert_eq!(row.remote.as_deref(), Some("2001:db8::7"));
        assert_eq!((row.outcome, row.status), (Outcome::Accepted, 200));
        assert_eq!(row.bytes, u64::MAX);
        assert_eq!(
            (row.update_id, row.kind.as_deref()),
            (Some(i64::MAX), Some("message"))
        );
        assert_eq!((row.read_us, row.store_us, row.total_us), (1, 2, 3));
        assert_eq!((row.stands_for, row.became), (1, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_what_they_are_while_rows_arrive() {
    with_log(Config::default(), async |logged| {
        let log = &logged.log;
        for update_id in 0..25 {
            // Five at a time, so that the time alone does not order them.
            log.record(accepted(logged.at(update_id / 5), 1, update_id as i64));
            log.record(rejected(logged.at(update_id / 5), "192.0.2.1"));
        }
        log.flush().await.unwrap();
        let filter = Filter {
            project: Some(project(1)),
            ..Filter::default()
        };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = log.requests_list(&filter, after, 7).await.unwrap();
            seen.extend(page.requests.iter().filter_map(|row| row.update_id));
            log.record(accepted(logged.at(60), 1, 1_000));
            log.flush().await.unwrap();
            after = page.next.map(|next| next.to_string().parse().unwrap());
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..25).rev().collect::<Vec<_>>());
        assert!("".parse::<Cursor>().is_err() && "1".parse::<Cursor>().is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_means_all_of_what_it_says() {
    with_log(Config::default(), async |logged| {
        let log = &logged.log;
        for second in 0..10 {
            for of in 1..=2 {
                log.record(accepted(logged.at(second), of, second as i64));
                log.record(RequestRecord {
                    outcome: Outcome::Duplicate,
                    ..accepted(logged.at(second), of, second as i64)
                });
            }
        }
        log.flush().await.unwrap();
        let count = async |filter: &Filter| {
            let page = log.requests_list(filter, None, 1_000).await.unwrap();
            assert_eq!(page.next, None);
            page.requests.len()
        };
        let mut filter = Filter::default();
        assert_eq!(count(&filter).await, 40);
        filter.outcome = Some(Outcome::Duplicate);
        assert_eq!(count(&filter).await, 20);
        filter.project = Some(project(2));
        assert_eq!(count(&filter).await, 10);
        filter.since = Some(logged.at(4));
        assert_eq!(count(&filter).await, 6);
        filter.until = Some(logged.at(6));
        assert_eq!(count(&filter).await, 2);
        filter.project = Some(project(3));
        assert_eq!(count(&filter).await, 0);
        let counts = log.counts_by_outcome(logged.at(9)).await.unwrap();
        assert_eq!(counts, [(Outcome::Accepted, 2), (Outcome::Duplicate, 2)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_an_update_is_told_with_its_request() {
    with_log(Config::default(), async |logged| {
        let log = &logged.log;
        let settled = |of: u8, update_id: i64, what: Became| UpdateRecord {
            connection: connection(of),
            update_id,
            at: logged.at(1),
            what,
            handler_us: 5,
        };
        let dead = |reason: &str| Became::Dead {
            reason: reason.into(),
        };
        for update_id in 0..4 {
            log.record(accepted(logged.at(0), 1, update_id));
        }
        // Another connection's update of the same number.
        log.record(accepted(logged.at(0), 2, 1));
        log.handled(settled(1, 0, Became::Handled));
        log.handled(settled(1, 1, dead("it \0 \u{1b}[31mfailed")));
        log.handled(settled(1, 2, dead("at first")));
        log.handled(settled(1, 2, Became::Replied { calls: 3 }));
        log.handled(settled(2, 1, dead(&"é".repeat(500))));
        let rows = logged.all().await;
        let became: Vec<_> = rows.into_iter().rev().map(|row| row.became).collect();
        assert_eq!(became[0], Some(settled(1, 0, Became::Handled)));
        assert_eq!(became[1], Some(settled(1, 1, dead("it    [31mfailed"))));
        assert_eq!(became[2], Some(settled(1, 2, Became::Replied { calls: 3 })));
        assert_eq!(became[3], None);
        assert_eq!(became[4], Some(settled(2, 1, dead(&"é".repeat(120)))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_hostile_kind_or_a_private_address_is_kept() {
    let config = Config {
        truncate_addresses: true,
        ..Config::default()
    };
    with_log(config, async |logged| {
        logged.log.record(RequestRecord {
            kind: Some(KindName::from(
                "\0'; DROP TABLE requests; --\u{1b}[2J and so on and on",
            )),
            remote: "192.0.2.77".parse().unwrap(),
            ..accepted(logged.at(0), 1, 1)
        });
        let rows = logged.all().await;
        assert_eq!(
            rows[0].kind.as_deref(),
            Some("????DROP?TABLE?requests??--??2J?")
        );
        assert_eq!(rows[0].remote.as_deref(), Some("192.0.2.0/24"));
    })
    .await;
}
