//! Operations at the same time.

use bot_connection::Error;
use telegram_simulator::FailureKind;

use crate::support::{bot_token, on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_one_operation_at_a_time() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.fail(bot, "getMe", FailureKind::Delay(5_000));
        let first = place.start_putting("1", &token);
        place.called(bot, "getMe", 1).await;
        let pasted = bot_token(&token);
        let busy = [
            place
                .connections
                .put_token(&project("1"), &pasted)
                .await
                .map(drop),
            place.connections.reconnect(&project("1")).await.map(drop),
            place.connections.disconnect(&project("1")).await.map(drop),
        ];
        for answer in busy {
            assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
        }
        place.pass_time(first).await.unwrap();
        place.is_connected("1", bot).await;
        place.connections.disconnect(&project("1")).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_projects_that_want_one_bot_one_gets_it() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let tasks: Vec<_> = (0..8)
            .map(|number| place.start_putting(&number.to_string(), &token))
            .collect();
        let mut winner = None;
        for (number, task) in tasks.into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(_) => assert_eq!(winner.replace(number), None),
                Err(error) => assert!(matches!(error, Error::ConnectedElsewhere), "{error:?}"),
            }
        }
        let winner = winner.unwrap();
        place.is_connected(&winner.to_string(), bot).await;
        for number in (0..8).filter(|number| *number != winner) {
            assert_eq!(place.find(&number.to_string()).await, None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_written_by_somebody_else_meanwhile_is_not_overwritten() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.control.rival_deletes_webhook(bot).unwrap();
        place.fail(bot, "setWebhook", FailureKind::Delay(5_000));
        place.later();
        let work = place.start_putting("1", &token);
        place.called(bot, "setWebhook", 2).await;
        let mut record = place.record("1").await;
        record.name = Some("somebody else's".to_owned());
        let _ = place
            .parts
            .directory
            .connection_update(&mut record)
            .await
            .unwrap();
        let stale = place.pass_time(work).await.unwrap_err();
        assert!(matches!(stale, Error::Busy), "{stale:?}");
        assert_eq!(
            place.record("1").await.name.as_deref(),
            Some("somebody else's")
        );
        assert_eq!(place.resume().await, 1);
        place.is_connected("1", bot).await;
    })
    .await;
}
