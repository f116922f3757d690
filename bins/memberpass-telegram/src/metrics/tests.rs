use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::Entropy;

use crate::compose::{self, Server};
use crate::config::{Config, Sources};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_comes_without_the_database_and_docs_name_all_that_is_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let clock = Clock::system();
    let metrics = Metrics::of(&server, Arc::default());
    let mut taken = Vec::new();
    for _ in 0..compose::stores::POOL {
        taken.push(server.upkeep.database.connect().await.unwrap());
    }
    let began = clock.elapsed();
    let page = metrics.text().await;
    assert!(clock.elapsed() - began < Duration::from_secs(5));
    assert!(!page.contains("memberpass_inbox_pending"), "{page}");
    assert!(
        page.contains("\nmemberpass_inbox_updates_stored_total 0\n"),
        "{page}"
    );

    taken.clear();
    let page = loop {
        let page = metrics.text().await;
        if page.contains("\nmemberpass_inbox_pending 0\n") {
            break page;
        }
    };
    // It is good for a while, whatever the pool does.
    for _ in 0..compose::stores::POOL {
        taken.push(server.upkeep.database.connect().await.unwrap());
    }
    assert!(
        metrics
            .text()
            .await
            .contains("\nmemberpass_inbox_quarantined 0\n")
    );
    drop(taken);

    let families: BTreeSet<&str> = (page.lines())
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let documented: BTreeSet<&str> = (DOCS.lines())
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(|name| name.split('{').next().unwrap())
        .collect();
    assert_eq!(families, documented);
    server.inbox.close().await;
    server.request_log.close().await;
}

async fn server(data: &std::path::Path) -> Server {
    let flags = [
        ("data-dir", data.to_str().unwrap()),
        ("public-listen", "127.0.0.1:0"),
        ("private-listen", "127.0.0.1:0"),
    ];
    let flags: BTreeMap<_, _> = flags.map(|(key, value)| (key, value.to_owned())).into();
    let sources = Sources::read(flags, std::iter::empty()).unwrap();
    let config = Config::from_sources(&sources).unwrap();
    compose::server(&config, Clock::system(), Entropy::system())
        .await
        .unwrap()
}

const DOCS: &str = include_str!("../../../../docs/METRICS.md");
