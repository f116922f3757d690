//! Reading records.

use std::time::Duration;

use connection_directory::{Connection, Error};
use ids::{ConnectionId, TelegramBotId};

use super::{NOW, connection, disconnected, on_every_database, project, sealed_under};

#[tokio::test(flavor = "multi_thread")]
async fn a_projects_connection_is_the_one_that_holds_it_else_the_last() {
    on_every_database(async |directory, _, _| {
        let of_one = |record: Connection, ended: u64| Connection {
            project: project(1),
            disconnected_at: Some(NOW + Duration::from_secs(ended)),
            ..record
        };
        let found = async || directory.connection_of_project(&project(1)).await.unwrap();
        assert_eq!(found().await, None);
        // The one made first was disconnected last.
        let last = of_one(disconnected(1), 9);
        directory.connection_insert(&last).await.unwrap();
        directory
            .connection_insert(&of_one(disconnected(2), 5))
            .await
            .unwrap();
        assert_eq!(found().await.as_ref(), Some(&last));
        // It holds the project, although its last disconnection lies further back.
        let holder = of_one(connection(3), 1);
        directory.connection_insert(&holder).await.unwrap();
        directory.connection_insert(&connection(4)).await.unwrap();
        assert_eq!(found().await, Some(holder));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bots_connection_is_the_one_that_holds_it() {
    on_every_database(async |directory, _, _| {
        let bot = TelegramBotId::new(7);
        let with_bot = |record: Connection| Connection {
            telegram_bot_id: bot,
            ..record
        };
        directory
            .connection_insert(&with_bot(disconnected(1)))
            .await
            .unwrap();
        assert_eq!(directory.connection_of_bot(bot).await.unwrap(), None);
        let holder = with_bot(connection(2));
        directory.connection_insert(&holder).await.unwrap();
        assert_eq!(
            directory.connection_of_bot(bot).await.unwrap(),
            Some(holder)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other() {
    on_every_database(async |directory, _, _| {
        for number in [3, 1, 5, 2, 4] {
            directory
                .connection_insert(&connection(number))
                .await
                .unwrap();
        }
        let mut seen = Vec::new();
        loop {
            let page = directory.connections_list(seen.last(), 2).await.unwrap();
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|record| record.id));
        }
        let all: Vec<ConnectionId> = (1..=5).map(|number| connection(number).id).collect();
        assert_eq!(seen, all);
        assert!(
            directory
                .connections_list(None, 0)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_interrupted_and_what_is_disconnected_is_found() {
    on_every_database(async |directory, _, _| {
        let interrupted = |record: Connection| Connection {
            operation: Some("connect".into()),
            ..record
        };
        let records = [
            connection(1),
            interrupted(connection(2)),
            disconnected(3),
            interrupted(disconnected(4)),
        ];
        for record in &records {
            directory.connection_insert(record).await.unwrap();
        }
        let unfinished = directory.connections_unfinished().await.unwrap();
        assert_eq!(unfinished, [records[1].clone(), records[3].clone()]);
        let gone = directory.connections_disconnected_ids().await.unwrap();
        assert_eq!(gone, [records[2].id.clone(), records[3].id.clone()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_named_and_not_shown() {
    on_every_database(async |directory, database, _| {
        let record = Connection {
            sealed_token: Some(sealed_under(1)),
            ..connection(1)
        };
        directory.connection_insert(&record).await.unwrap();
        let cut =
            diesel::sql_query("UPDATE connections SET sealed_token = substr(sealed_token, 2)");
        database.connect().await.unwrap().run(cut).await.unwrap();
        let error = directory.connection_find(&record.id).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Damaged {
                    column: "sealed_token",
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains(record.id.as_str()), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_hides_no_other() {
    on_every_database(async |directory, database, _| {
        let records: Vec<Connection> = (1..=5)
            .map(|number| Connection {
                operation: Some("connect".into()),
                sealed_token: Some(sealed_under(1)),
                ..connection(number)
            })
            .collect();
        for record in &records {
            directory.connection_insert(record).await.unwrap();
        }
        let cut = format!(
            "UPDATE connections SET sealed_token = substr(sealed_token, 2) WHERE id IN ('{}', '{}')",
            records[1].id, records[2].id
        );
        let mut link = database.connect().await.unwrap();
        link.run(diesel::sql_query(cut)).await.unwrap();

        let left = [records[0].clone(), records[3].clone(), records[4].clone()];
        assert_eq!(directory.connections_unfinished().await.unwrap(), left);
        // A page is empty only after the last record, though all that it would have held were damaged.
        let first = directory.connections_list(None, 1).await.unwrap();
        assert_eq!(first, left[..1]);
        let rest = directory.connections_list(Some(&left[0].id), 2).await;
        assert_eq!(rest.unwrap(), left[1..]);
        let end = directory.connections_list(Some(&left[2].id), 2).await;
        assert!(end.unwrap().is_empty());
    })
    .await;
}
