use store::testing::on_every_empty_database;
use store::{Database, Error};

#[tokio::test(flavor = "multi_thread")]
async fn one_process_has_a_database_until_it_lets_go() {
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 2).await.unwrap();
        let mut claim = database.sole_process().await.unwrap();
        claim.check().await.unwrap();
        let other = Database::open(&url, 2).await.unwrap();
        assert!(matches!(other.sole_process().await, Err(Error::Taken)));
        drop(claim);
        // Postgres lets go when it has noticed that the session ended.
        let claimed = async {
            loop {
                match other.sole_process().await {
                    Err(Error::Taken) => tokio::task::yield_now().await,
                    claim => break claim,
                }
            }
        };
        drop(claimed.await.unwrap());
    })
    .await;
}
