//! Inserting, updating, replacing.

use std::time::Duration;

use connection_directory::{Connection, Error, Previous, Status, Update};
use ids::{TelegramBotId, TokenVersion};

use super::{
    NOW, connection, disconnected, on_every_database, project, registration, sealed_under,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_read_as_it_was_written() {
    on_every_database(async |directory, _, _| {
        let full = Connection {
            telegram_bot_id: TelegramBotId::new((1 << 52) - 1),
            username: Some("crème_bot".into()),
            name: Some("Crème 🍮".into()),
            operation: Some("rotate".into()),
            step: "sealed".into(),
            sealed_token: Some(sealed_under(3)),
            token_version: TokenVersion::new(u32::MAX),
            current: registration(u32::MAX, u32::MAX),
            previous: Some(Previous {
                registration: registration(6, 2),
                accepted_until: Some(NOW + Duration::from_micros(1)),
            }),
            registered_base_url: Some("https://bots.example.com".into()),
            registered_kinds: Some("27:0123456789abcdef".into()),
            registered_max_connections: Some(100),
            warning: Some("somebody else".into()),
            connected_at: Some(NOW),
            disconnected_at: Some(NOW),
            ..connection(1)
        };
        let mut open_ended = connection(2);
        open_ended.previous = Some(Previous {
            registration: registration(1, 1),
            accepted_until: None,
        });
        for record in [full, open_ended, connection(3)] {
            directory.connection_insert(&record).await.unwrap();
            let found = directory.connection_find(&record.id).await.unwrap();
            assert_eq!(found, Some(record));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_an_older_copy_changes_nothing() {
    on_every_database(async |directory, _, hands| {
        let mut first = connection(1);
        directory.connection_insert(&first).await.unwrap();
        let mut second = first.clone();
        hands.advance(Duration::from_secs(1));

        first.status = Status::Active;
        let updated = directory.connection_update(&mut first).await.unwrap();
        assert_eq!(updated, Update::Updated);
        assert_eq!(
            (first.version, first.updated_at),
            (2, NOW + Duration::from_secs(1))
        );

        second.name = Some("late".into());
        let before = second.clone();
        let updated = directory.connection_update(&mut second).await.unwrap();
        assert_eq!(updated, Update::Stale);
        assert_eq!(second, before);
        let found = directory.connection_find(&first.id).await.unwrap();
        assert_eq!(found, Some(first));

        let mut missing = connection(2);
        let updated = directory.connection_update(&mut missing).await.unwrap();
        assert_eq!(updated, Update::Stale);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_can_be_taken_back() {
    on_every_database(async |directory, _, _| {
        let mut record = Connection {
            sealed_token: Some(sealed_under(1)),
            operation: Some("rotate".into()),
            previous: Some(Previous {
                registration: registration(1, 1),
                accepted_until: None,
            }),
            ..connection(1)
        };
        directory.connection_insert(&record).await.unwrap();
        record.sealed_token = None;
        record.operation = None;
        record.previous = None;
        let updated = directory.connection_update(&mut record).await.unwrap();
        assert_eq!(updated, Update::Updated);
        let found = directory.connection_find(&record.id).await.unwrap();
        assert_eq!(found, Some(record));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bot_has_one_project_and_one_project_one_bot() {
    on_every_database(async |directory, _, _| {
        directory.connection_insert(&connection(1)).await.unwrap();
        let same_bot = Connection {
            telegram_bot_id: TelegramBotId::new(1),
            ..connection(2)
        };
        let refused = directory.connection_insert(&same_bot).await;
        assert!(matches!(refused, Err(Error::BotTaken)), "{refused:?}");
        let same_project = Connection {
            project: project(1),
            ..connection(2)
        };
        let refused = directory.connection_insert(&same_project).await;
        assert!(matches!(refused, Err(Error::ProjectTaken)), "{refused:?}");
        let same_id = Connection {
            id: connection(1).id,
            ..connection(2)
        };
        let refused = directory.connection_insert(&same_id).await;
        assert!(
            matches!(refused, Err(Error::Store(store::Error::Conflict(_)))),
            "{refused:?}"
        );
        assert_eq!(
            directory.connections_list(None, 9).await.unwrap(),
            [connection(1)]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_record_reserves_nothing_and_may_come_back_too_late() {
    on_every_database(async |directory, _, _| {
        let mut gone = connection(1);
        directory.connection_insert(&gone).await.unwrap();
        gone.status = Status::Disconnected;
        let updated = directory.connection_update(&mut gone).await.unwrap();
        assert_eq!(updated, Update::Updated);

        let elsewhere = Connection {
            telegram_bot_id: TelegramBotId::new(1),
            ..connection(2)
        };
        directory.connection_insert(&elsewhere).await.unwrap();
        let mut back = gone.clone();
        back.status = Status::Connecting;
        let refused = directory.connection_update(&mut back).await;
        assert!(matches!(refused, Err(Error::BotTaken)), "{refused:?}");
        let found = directory.connection_find(&gone.id).await.unwrap();
        assert_eq!(found, Some(gone));
        let live = directory.live(&connection(1).id).await.unwrap().unwrap();
        assert_eq!(live.status, Status::Disconnected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_replaced_in_one_step_or_not_at_all() {
    on_every_database(async |directory, _, _| {
        let mut old = connection(1);
        directory.connection_insert(&old).await.unwrap();
        directory.connection_insert(&connection(3)).await.unwrap();
        old.status = Status::Disconnected;

        let taken = Connection {
            project: project(1),
            telegram_bot_id: TelegramBotId::new(3),
            ..connection(2)
        };
        let refused = directory.connection_replace(&mut old, &taken).await;
        assert!(matches!(refused, Err(Error::BotTaken)), "{refused:?}");
        let mut stale = Connection {
            version: 7,
            ..old.clone()
        };
        let new = Connection {
            project: project(1),
            ..connection(2)
        };
        let replaced = directory
            .connection_replace(&mut stale, &new)
            .await
            .unwrap();
        assert_eq!(replaced, Update::Stale);
        let found = directory.connection_find(&old.id).await.unwrap();
        assert_eq!(found, Some(connection(1)));
        assert_eq!(directory.connection_find(&new.id).await.unwrap(), None);

        let replaced = directory.connection_replace(&mut old, &new).await.unwrap();
        assert_eq!(replaced, Update::Updated);
        assert_eq!(old.version, 2);
        let found = directory.connection_of_project(&project(1)).await.unwrap();
        assert_eq!(found, Some(new));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_a_bot_at_once_one_gets_it() {
    on_every_database(async |directory, _, _| {
        let attempts: Vec<_> = (1..=8)
            .map(|number| {
                let directory = directory.clone();
                let wanted = Connection {
                    telegram_bot_id: TelegramBotId::new(1),
                    ..connection(number)
                };
                tokio::spawn(async move { directory.connection_insert(&wanted).await })
            })
            .collect();
        let mut got = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(()) => got += 1,
                Err(error) => assert!(matches!(error, Error::BotTaken), "{error:?}"),
            }
        }
        assert_eq!(got, 1);
        let mut late = disconnected(9);
        late.telegram_bot_id = TelegramBotId::new(1);
        directory.connection_insert(&late).await.unwrap();
    })
    .await;
}
