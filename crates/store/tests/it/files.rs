use store::{Database, DatabaseUrl, Error};

fn url(path: &std::path::Path) -> DatabaseUrl {
    DatabaseUrl::of_sqlite_file(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_its_owners_alone_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    drop(Database::open(&url(&path), 1).await.unwrap());
    drop(Database::open(&url(&path), 1).await.unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let refused = Database::open(&url(&missing.join("new.db")), 1)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, Error::Folder(named) if *named == missing),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("short", "hello".to_owned()),
        ("long", "hello ".repeat(1_000)),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &text).unwrap();
        let refused = Database::open(&url(&path), 1).await.unwrap_err();
        assert!(matches!(refused, Error::NotOurs { .. }), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_application_is_refused_and_left_alone() {
    use diesel::connection::{Connection as _, SimpleConnection as _};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.db");
    let mut theirs = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    theirs
        .batch_execute("CREATE TABLE songs (title TEXT)")
        .unwrap();
    drop(theirs);
    let before = std::fs::read(&path).unwrap();
    let refused = Database::open(&url(&path), 1).await.unwrap_err();
    assert!(
        refused.to_string().contains("another application made it"),
        "{refused}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_not_there_is_told_at_once() {
    let nobody: DatabaseUrl = "postgres://me:hidden@127.0.0.1:1/x".parse().unwrap();
    let refused = Database::open(&nobody, 1).await.unwrap_err();
    assert!(matches!(refused, Error::Connect(_)), "{refused}");
    assert!(!format!("{refused:?}").contains("hidden"));
}
