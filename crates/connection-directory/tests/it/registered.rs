//! What registrations told Telegram.

use connection_directory::{Connection, Registered, Status};
use ids::KeyId;

use super::{connection, disconnected, on_every_database, registration};

#[tokio::test(flavor = "multi_thread")]
async fn whose_registration_is_otherwise_than_wanted_is_found_page_by_page() {
    on_every_database(async |directory, _, _| {
        let otherwise: [fn(&mut Connection); 7] = [
            |record| record.registered_base_url = Some("https://old.example.com".into()),
            |record| record.registered_base_url = None,
            |record| record.registered_kinds = Some("2:b".into()),
            |record| record.registered_kinds = None,
            |record| record.registered_max_connections = Some(100),
            |record| record.registered_max_connections = None,
            |record| record.current = registration(1, 2),
        ];
        let mut due = Vec::new();
        for (number, differ) in (1..).zip(otherwise) {
            let mut record = registered(number);
            differ(&mut record);
            directory.connection_insert(&record).await.unwrap();
            due.push(record.id);
        }
        let under_way = Connection {
            operation: Some("repair".into()),
            ..due_but(20)
        };
        let others = [
            registered(8),
            under_way,
            disconnected(21),
            Connection {
                status: Status::Connecting,
                ..due_but(22)
            },
        ];
        for record in others {
            directory.connection_insert(&record).await.unwrap();
        }

        let mut found = Vec::new();
        let mut after = None;
        loop {
            let wanted = wanted();
            let page = directory.connections_registered_otherwise(&wanted, after.as_ref(), 3);
            let (records, more) = page.await.unwrap();
            assert!(records.len() <= 3);
            found.extend(records.into_iter().map(|record| record.id));
            after = more;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, due);

        let counted = directory.registrations_count().await.unwrap();
        let total: u64 = counted.iter().map(|(_, count)| count).sum();
        assert_eq!((counted.len(), total), (8, 8));
        assert!(counted.contains(&(wanted(), 1)));
    })
    .await;
}

fn wanted() -> Registered {
    Registered {
        base_url: Some("https://bots.example.com".into()),
        key_id: KeyId::new(1),
        kinds: Some("1:a".into()),
        max_connections: Some(40),
    }
}

fn registered(number: u8) -> Connection {
    let Registered {
        base_url,
        kinds,
        max_connections,
        ..
    } = wanted();
    Connection {
        status: Status::Active,
        registered_base_url: base_url,
        registered_kinds: kinds,
        registered_max_connections: max_connections,
        ..connection(number)
    }
}

fn due_but(number: u8) -> Connection {
    Connection {
        registered_kinds: None,
        ..registered(number)
    }
}
