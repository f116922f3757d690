//! One request and its answer: what is sent, and how each answer is understood.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use telegram_bot_api::{AnswerFault, ClientConfig, Error, Method, Throttler};

use crate::server::{Reply, Stage, call, token};

#[derive(Serialize)]
struct GetMe {
    absent: Option<i64>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Me {
    id: i64,
}

impl Method for GetMe {
    const NAME: &'static str = "getMe";
    type Output = Me;
}

#[tokio::test]
async fn a_typed_call_gives_its_result_and_sends_no_null() {
    let stage = Stage::with([Reply::json(
        200,
        r#"{"ok":true,"result":{"id":1,"new":[{}]}}"#,
    )])
    .await;
    let me = stage.client.send(&token(1), &GetMe { absent: None }).await;
    assert_eq!(me.unwrap(), Me { id: 1 });
    let seen = &stage.seen()[0];
    assert_eq!(seen.path, format!("/bot{}/getMe", token(1).expose()));
    assert_eq!(seen.body, "{}");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["content-length"], "2");
    assert_eq!(seen.headers["host"], stage.address.to_string());
}

#[tokio::test]
async fn an_untyped_call_gives_telegrams_own_text() {
    let stage = Stage::with([Reply::json(
        200,
        r#"{"ok":true, "result": {"b" : 1.50, "a":null}}"#,
    )])
    .await;
    let params = json!({"chat_id": -7, "text": "hi", "reply_markup": null});
    let raw = stage
        .client
        .call(&token(1), &call("sendMessage", params))
        .await;
    assert_eq!(raw.unwrap().get(), r#"{"b" : 1.50, "a":null}"#);
    let sent: Value = serde_json::from_slice(&stage.seen()[0].body).unwrap();
    assert_eq!(sent, json!({"chat_id": -7, "text": "hi"}));
}

#[tokio::test]
async fn a_null_result_is_a_result() {
    let stage = Stage::with([Reply::json(200, r#"{"ok":true,"result":null}"#)]).await;
    assert_eq!(
        stage.perform(&call("setWebhook", json!({}))).await.unwrap(),
        Value::Null
    );
}

#[tokio::test]
async fn the_test_environment_and_a_root_with_a_path_are_in_the_address() {
    let stage = Stage::configured([Reply::ok()], |config| ClientConfig {
        api_root: format!("{}/proxy/", config.api_root).parse().unwrap(),
        test_dc: true,
        ..config
    })
    .await;
    stage.perform(&call("getMe", json!({}))).await.unwrap();
    assert_eq!(
        stage.seen()[0].path,
        format!("/proxy/bot{}/test/getMe", token(1).expose())
    );
}

#[tokio::test]
async fn bots_share_connections() {
    let stage = Stage::with([Reply::ok()]).await;
    for bot in 1..=5 {
        stage
            .client
            .call(&token(bot), &call("getMe", json!({})))
            .await
            .unwrap();
    }
    let connections: Vec<_> = stage.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [1; 5]);
}

async fn refused(status: u16, body: &str) -> Error {
    let stage = Stage::with([Reply::json(status, body)]).await;
    stage
        .perform(&call("sendMessage", json!({"chat_id": 7})))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn each_refusal_has_its_class() {
    let unauthorized = refused(
        401,
        r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#,
    )
    .await;
    assert!(unauthorized.is_unauthorized() && unauthorized.description() == Some("Unauthorized"));
    let missing = refused(
        404,
        r#"{"ok":false,"error_code":404,"description":"Not Found"}"#,
    )
    .await;
    assert!(missing.is_not_found() && !missing.is_token_refused("sendMessage"));
    let body =
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
    let forbidden = refused(403, body).await;
    assert_eq!(
        (forbidden.code(), forbidden.is_unauthorized()),
        (Some(403), false)
    );
    let conflict = refused(
        409,
        r#"{"ok":false,"error_code":409,"description":"Conflict"}"#,
    )
    .await;
    assert!(matches!(
        conflict,
        Error::Refused {
            code: 409,
            migrate_to_chat_id: None,
            ..
        }
    ));
    let fault = refused(
        500,
        r#"{"ok":false,"error_code":500,"description":"Internal Server Error: restart"}"#,
    )
    .await;
    assert!(matches!(&fault, Error::ServerFault { status: 500, .. }));
    assert_eq!(fault.description(), Some("Internal Server Error: restart"));
}

#[tokio::test]
async fn a_chat_that_moved_says_where() {
    let body = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001}}"#;
    let moved = refused(400, body).await;
    assert!(matches!(
        moved,
        Error::Refused {
            code: 400,
            migrate_to_chat_id: Some(-1001),
            ..
        }
    ));
    assert_eq!(moved.to_string(), "Telegram refused the call with code 400");
}

#[tokio::test]
async fn the_answers_code_wins_over_the_status_and_the_status_stands_in_for_it() {
    let body = r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#;
    assert!(refused(200, body).await.is_unauthorized());
    assert!(refused(401, r#"{"ok":false}"#).await.is_unauthorized());
    assert!(
        refused(401, r#"{"ok":false,"error_code":"401"}"#)
            .await
            .is_unauthorized()
    );
    assert_eq!(refused(413, "").await.code(), Some(413));
    assert_eq!(refused(302, "moved").await.code(), Some(302));
}

#[tokio::test]
async fn a_front_end_may_answer_without_json() {
    let page = "<html><body>502 Bad Gateway</body></html>";
    let fault = refused(502, page).await;
    assert!(
        matches!(&fault, Error::ServerFault { status: 502, .. }) && fault.description().is_none()
    );
    assert!(refused(404, page).await.is_not_found());
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_success() {
    for body in ["", "OK", "[]", r#"{"ok":true"#, r#"{"ok":false}"#] {
        let error = refused(200, body).await;
        let fault = AnswerFault::NotTheEnvelope;
        assert!(
            matches!(&error, Error::UnexpectedAnswer { status: 200, fault: it } if *it == fault),
            "{body:?}: {error:?}"
        );
    }
    let stage = Stage::with([Reply::json(
        200,
        r#"{"ok":true,"result":{"id":"a secret"}}"#,
    )])
    .await;
    let error = stage
        .client
        .send(&token(1), &GetMe { absent: None })
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::UnexpectedAnswer {
            fault: AnswerFault::WrongType { column: 1.. },
            ..
        }
    ));
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert_eq!(stage.seen().len(), 1, "it may have acted: once is enough");
}

#[tokio::test]
async fn an_oversized_answer_is_not_taken() {
    let body = json!({"ok": true, "result": "x".repeat(2_000)}).to_string();
    for (limit, fits) in [(body.len(), true), (body.len() - 1, false)] {
        let replies = [Reply::json(200, &body)];
        let stage = Stage::configured(replies, |config| ClientConfig {
            max_answer_bytes: limit,
            ..config
        })
        .await;
        let result = stage.perform(&call("sendMessage", json!({}))).await;
        let too_long = AnswerFault::TooLong { limit };
        match result {
            Ok(_) => assert!(fits),
            Err(Error::UnexpectedAnswer { fault, .. }) => assert!(!fits && fault == too_long),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_name_that_is_no_methods_is_not_sent() {
    let stage = Stage::with([Reply::ok()]).await;
    for name in ["", "getMe/../x", "get Me", "getMe?a=b", "gétMe"] {
        let error = stage.perform(&call(name, json!({}))).await.unwrap_err();
        assert!(matches!(error, Error::MethodName), "{name:?}");
    }
    assert!(stage.seen().is_empty());
}

#[tokio::test]
async fn an_absurd_retry_after_is_taken_for_a_day() {
    let stage = Stage::with([Reply::retry_after(u64::MAX)]).await;
    let error = stage
        .perform(&call("sendMessage", json!({"chat_id": 7})))
        .await
        .unwrap_err();
    let Error::Throttled { retry_after, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(retry_after.as_secs(), 86_400);
}

#[tokio::test]
async fn a_429_beyond_the_deadline_is_told_at_once() {
    let error = {
        let stage = Stage::with([Reply::retry_after(61)]).await;
        let error = stage
            .perform(&call("sendMessage", json!({"chat_id": 7})))
            .await
            .unwrap_err();
        assert!(stage.clock.elapsed() < std::time::Duration::from_secs(5));
        assert_eq!(stage.seen().len(), 1);
        error
    };
    let Error::Throttled {
        retry_after,
        by: Throttler::Telegram,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(retry_after.as_secs(), 61);
}
