//! Nothing that this crate answers or writes shows a token, a webhook's path or its secret.

use diesel::sql_types::Text;
use telegram_simulator::FailureKind;

use crate::support::{Place, on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_error_or_record_shows_a_secret() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let mut said = Vec::new();
        for (method, how) in [
            ("getMe", FailureKind::Cut),
            ("getMe", FailureKind::Unauthorized),
            ("setWebhook", FailureKind::NotJson(502)),
            ("setWebhook", FailureKind::Status(400)),
        ] {
            place.fail(bot, method, how);
            let error = place.put("1", &token).await.unwrap_err();
            said.push(format!(
                "{error} {error:?} {:?}",
                std::error::Error::source(&error)
            ));
        }
        let connected = place.put("1", &token).await.unwrap();
        said.push(format!(
            "{connected:?} {:?}",
            place.connections.view(&project("1")).await
        ));
        let new = place.control.revoke(bot).unwrap();
        said.push(format!("{:?}", place.put("1", &new).await.unwrap()));
        let record = place.record("1").await;
        said.push(format!(
            "{record:?} {:?}",
            place.parts.directory.live(&record.id).await
        ));
        said.push(stored(&place).await);

        let said = said.join("\n");
        assert!(
            said.contains("helper_bot"),
            "the search finds what is there"
        );
        for told in place.calls(bot, "setWebhook") {
            let (_, path_secret) = told.parameters["url"].rsplit_once('.').unwrap();
            for secret in [path_secret, &told.parameters["secret_token"]] {
                assert!(secret.len() >= 22 && !said.contains(secret), "{said}");
            }
        }
        for token in [token, new] {
            let (_, secret) = token.expose().split_once(':').unwrap();
            assert!(!said.contains(secret), "{said}");
        }
    })
    .await;
}

/// Every record as text. The sealed bytes come as hexadecimal digits, and so does what they must not hold.
async fn stored(place: &Place) -> String {
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let columns = "id || ' ' || project_id || ' ' || coalesce(username, '') || ' ' || coalesce(name, '') || ' ' \
                   || step || ' ' || coalesce(registered_base_url, '') || ' ' || coalesce(warning, '')";
    let query = diesel::sql_query(format!("SELECT {columns} AS line FROM connections"));
    let mut connection = place.database.connect().await.unwrap();
    let lines: Vec<Line> = connection.fetch(query).await.unwrap();
    lines.into_iter().map(|line| line.line + "\n").collect()
}
