use std::sync::Arc;

use bytes::Bytes;
use clock::Entropy;
use connection_directory::Directory;
use http::Request;
use http_body_util::Full;
use request_log::{Config, RequestLog};
use store::{Database, DatabaseUrl, Schema};
use update_dispatcher::Seq;
use webhook_ingress::{Ingress, IngressConfig};

use crate::harness::{PEER, Site};

#[tokio::test(flavor = "multi_thread")]
async fn a_path_without_its_secret_owns_neither_log_while_nobody_can_be_looked_up() {
    let site = Site::start().await;
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::of_sqlite_file(folder.path().join("requests.db"));
    let requests = Database::open(&url, 2).await.unwrap();
    requests.migrate(Schema::Requests).await.unwrap();
    let log = RequestLog::start(requests, Config::default(), site.clock.clone());
    let log = log.await.unwrap();
    let cold = Ingress::new(
        site.secrets.clone(),
        Directory::open(site.database.clone(), site.clock.clone()),
        site.inbox.clone(),
        log.clone(),
        site.clock.clone(),
        &Entropy::seeded(3),
        IngressConfig::default(),
    );
    let mut connection = site.database.connect().await.unwrap();
    let gone = diesel::sql_query("ALTER TABLE connections RENAME TO gone");
    connection.run(gone).await.unwrap();

    let (lines, writer) = std::io::pipe().unwrap();
    let program = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Arc::new(writer));
    let heard = tracing::subscriber::set_default(program.finish());
    for _ in 0..100 {
        let bare = Request::post(site.path()).body(Full::new(Bytes::new()));
        assert_eq!(cold.answer(PEER, bare.unwrap()).await.status(), 503);
    }
    drop(heard);
    let counts = log.counts();
    assert_eq!(counts.queued + counts.folded, 100);
    assert!(counts.folded >= 80, "{counts:?}");
    let lines = std::io::read_to_string(lines).unwrap();
    // At the first, the second, the fourth …; and each says why.
    assert_eq!(lines.lines().count(), 7, "{lines}");
    for line in lines.lines() {
        assert!(line.contains("no such table"), "{line}");
    }
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_updates_are_told_now_and_then_and_say_where() {
    let site = Site::start().await;
    let (lines, writer) = std::io::pipe().unwrap();
    let program = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Arc::new(writer));
    let heard = tracing::subscriber::set_default(program.finish());
    for _ in 0..9 {
        let answer = site
            .ingress
            .answer(PEER, site.request("{\n  private words}"));
        assert_eq!(answer.await.status(), 200);
    }
    drop(heard);
    let lines = std::io::read_to_string(lines).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
    assert!(lines.contains("beyond byte 4"), "{lines}");
    assert!(!lines.contains("private"), "{lines}");
    let kept = site.inbox.quarantine_list(Seq::ZERO, 100).await.unwrap();
    assert_eq!(kept.len(), 9);
    assert!(kept[0].reason.contains("beyond byte 4"), "{kept:?}");
}
