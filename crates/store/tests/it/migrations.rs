use store::testing::on_every_empty_database;
use store::{Database, Error, Schema};

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_down_and_up_again() {
    for schema in [Schema::Main, Schema::Requests] {
        on_every_empty_database(async |url| {
            let database = Database::open(&url, 2).await.unwrap();
            let known = database.migrations(schema).await.unwrap();
            assert!(known.iter().all(|one| !one.applied));
            let names: Vec<String> = known.into_iter().map(|one| one.name).collect();
            assert_eq!(database.migrate(schema).await.unwrap(), names);
            assert!(database.migrate(schema).await.unwrap().is_empty());
            assert!(
                database
                    .migrations(schema)
                    .await
                    .unwrap()
                    .iter()
                    .all(|one| one.applied)
            );
            for name in names.iter().rev() {
                assert_eq!(
                    database.revert_last(schema).await.unwrap().as_ref(),
                    Some(name)
                );
            }
            assert_eq!(database.revert_last(schema).await.unwrap(), None);
            assert_eq!(database.migrate(schema).await.unwrap(), names);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_schemas_fit_into_one_postgres_and_not_into_one_file() {
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 2).await.unwrap();
        if database.migrate(Schema::Main).await.unwrap().is_empty() {
            return;
        }
        let both = database.migrate(Schema::Requests).await;
        match url.sqlite_file() {
            None => assert!(database.migrate(Schema::Main).await.unwrap().is_empty()),
            Some(_) => assert!(matches!(both, Err(Error::NotOurs { .. })), "{both:?}"),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_migrate_at_once_do_it_once() {
    on_every_empty_database(async |url| {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move {
                    Database::open(&url, 1)
                        .await
                        .unwrap()
                        .migrate(Schema::Main)
                        .await
                })
            })
            .collect();
        let mut applied = 0;
        for task in tasks {
            applied += task.await.unwrap().unwrap().len();
        }
        let database = Database::open(&url, 1).await.unwrap();
        assert_eq!(
            applied,
            database.migrations(Schema::Main).await.unwrap().len()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_newer_version_migrated_is_refused() {
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 2).await.unwrap();
        database.migrate(Schema::Main).await.unwrap();
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('0999')";
        database
            .connect()
            .await
            .unwrap()
            .run(diesel::sql_query(newer))
            .await
            .unwrap();
        for refused in [
            database.migrate(Schema::Main).await.map(drop),
            database.migrations(Schema::Main).await.map(drop),
            database.revert_last(Schema::Main).await.map(drop),
        ] {
            let refused = refused.unwrap_err();
            assert!(refused.to_string().contains("newer version"), "{refused}");
            assert!(matches!(refused, Error::Newer { version } if version == "0999"));
        }
    })
    .await;
}
