//! No error, whatever happened, prints the token or the address with it.

use std::error::Error as StdError;

use clock::{Clock, Entropy};
use serde_json::json;
use telegram_bot_api::{Client, ClientConfig, Error, Upload};
use tokio::net::TcpListener;

use crate::server::{Reply, SECRET, Stage, call, token, turning};

/// Everything that a careless caller might print of an error.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause: Option<&dyn StdError> = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?} {error:#?}"));
        cause = error.source();
    }
    text
}

async fn answered(reply: Reply) -> Error {
    let stage = Stage::with([reply]).await;
    stage
        .perform(&call("sendMessage", json!({"chat_id": 7})))
        .await
        .unwrap_err()
}

async fn unreachable(scheme: &str) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (clock, hands) = Clock::manual();
    let config = ClientConfig {
        api_root: format!("{scheme}://{address}").parse().unwrap(),
        ..ClientConfig::default()
    };
    if scheme == "http" {
        drop(listener);
    } else {
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"no TLS here\r\n").await;
            }
        });
    }
    let client = Client::new(config, clock, Entropy::seeded(7)).unwrap();
    let (token, call) = (token(1), call("sendMessage", json!({"chat_id": 7})));
    turning(&hands, client.call(&token, &call))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn no_error_prints_the_token() {
    let quoting = |status: u16| {
        let token = token(1);
        let description = format!("no {} or {SECRET}", token.expose());
        let body = json!({"ok": false, "error_code": status, "description": description});
        Reply::json(status, &body.to_string())
    };
    let result = json!({"ok": true, "result": token(1).expose()}).to_string();
    let mut errors = vec![
        answered(Reply::Cut).await,
        answered(Reply::Hang).await,
        answered(Reply::retry_after(100)).await,
        answered(Reply::json(200, &result[..result.len() - 1])).await,
        unreachable("http").await,
        unreachable("https").await,
    ];
    for status in [400, 401, 403, 404, 409, 429, 500] {
        errors.push(answered(quoting(status)).await);
    }
    let stage = Stage::with([Reply::ok()]).await;
    let missing = Upload::file("/nowhere/at/all");
    errors.push(
        stage
            .perform(&call("sendPhoto", json!({})).attach(missing))
            .await
            .unwrap_err(),
    );
    errors.push(
        stage
            .perform(&call("no/method", json!({})))
            .await
            .unwrap_err(),
    );
    for error in &errors {
        let text = printed(error);
        assert!(!text.contains(SECRET) && !text.contains("/bot"), "{text}");
    }
    assert!(
        errors[7]
            .description()
            .is_some_and(|text| text.contains("(redacted)"))
    );
}

#[tokio::test]
async fn nothing_else_prints_it_either() {
    let stage = Stage::with([Reply::ok()]).await;
    let text = format!("{:?} {:?}", stage.client, ClientConfig::default());
    assert!(!text.contains(SECRET), "{text}");
}
