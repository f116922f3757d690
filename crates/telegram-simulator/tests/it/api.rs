//! Paths, tokens, parameters and failures on demand.

use std::time::Duration;

use clock::{Clock, Entropy};
use serde_json::json;
use telegram_simulator::{Failure, FailureKind, Simulator, SimulatorConfig};

use crate::harness::{CHAT, Telegram, request};

#[tokio::test]
async fn tokens_are_refused_as_the_front_end_refuses_them() {
    let telegram = Telegram::start().await;
    let good = telegram.token.expose().to_owned();
    let me = telegram.call("GETME", json!({})).await;
    assert_eq!(me.result()["username"], "helper_bot");
    let unknown = format!("77{good}");
    for (token, status, text) in [
        ("nonsense", 404, "Not Found"),
        ("0123:AAFmnMZ6Vd_0123456789abcdefghijklmA", 404, "Not Found"),
        (&unknown, 401, "Unauthorized"),
    ] {
        let answer = telegram.call_with(token, "getMe", json!({})).await;
        assert_eq!((answer.status, answer.description()), (status, text));
        assert_eq!(answer.body["error_code"], status);
    }
    let fresh = telegram.control.revoke(telegram.bot).unwrap();
    assert_eq!(telegram.call("getMe", json!({})).await.status, 401);
    let fresh = fresh.expose();
    assert_eq!(
        telegram.call_with(fresh, "getMe", json!({})).await.status,
        200
    );
    telegram.control.disable(telegram.bot).unwrap();
    assert_eq!(
        telegram.call_with(fresh, "getMe", json!({})).await.status,
        401
    );
    telegram.control.enable(telegram.bot).unwrap();
    assert_eq!(
        telegram.call_with(fresh, "logOut", json!({})).await.status,
        200
    );
    let answer = telegram.call_with(fresh, "getMe", json!({})).await;
    assert_eq!((answer.status, answer.description()), (400, "Logged out"));
    telegram.control.delete(telegram.bot).unwrap();
    assert_eq!(
        telegram.call_with(fresh, "getMe", json!({})).await.status,
        401
    );
    let statuses: Vec<u16> = telegram
        .control
        .calls(telegram.bot)
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(statuses, [200, 401, 200, 401, 200, 400, 401]);
    assert_eq!(telegram.control.all_calls().len(), 10);
}

#[tokio::test]
async fn without_a_front_end_the_servers_own_texts_show() {
    let config = SimulatorConfig {
        front_end: false,
        ..SimulatorConfig::new(Clock::manual().0, Entropy::seeded(1))
    };
    let simulator = Simulator::start(config).await.unwrap();
    for (token, status, text) in [
        ("no-colon", 401, "Unauthorized: invalid token specified"),
        ("x:y", 421, "Misdirected Request: unallowed token specified"),
        ("1:short", 401, "Unauthorized"),
    ] {
        let path = format!("/bot{token}/getMe");
        let answer = request(simulator.address(), "GET", &path, "", b"").await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.description()), (status, text));
    }
}

#[tokio::test]
async fn paths_and_methods_that_are_none_are_refused() {
    let telegram = Telegram::start().await;
    let token = telegram.token.expose();
    let nonsense = telegram.call("sendEverything", json!({})).await;
    assert_eq!(nonsense.status, 404);
    assert_eq!(nonsense.description(), "Not Found: method not found");
    assert_eq!(telegram.get("/nothing").await.description(), "Not Found");
    let path = format!("/bot{token}");
    assert_eq!(telegram.get(&path).await.description(), "Not Found");
    let put = request(telegram.simulator.address(), "PUT", "/bot1/x", "", b"").await;
    assert_eq!(put.unwrap().status, 501);
    let path = format!("/bot{token}/test/getMe");
    assert_eq!(telegram.get(&path).await.status, 401);
    let (_, token) = telegram.control.new_test_bot("Test", "test_bot");
    let path = format!("/bot{}/test/getMe", token.expose());
    assert_eq!(telegram.get(&path).await.status, 200);
}

#[tokio::test]
async fn parameters_come_from_anywhere_and_the_query_string_wins() {
    let telegram = Telegram::start().await;
    telegram.says("hello");
    let path = format!("/bot{}/sendMessage", telegram.token.expose());
    let with_query = format!("{path}?text=from+query&chat_id={CHAT}");
    let form = "application/x-www-form-urlencoded";
    let answer = telegram.post(&with_query, form, b"text=body&a=%41").await;
    assert_eq!(answer.result()["text"], "from query");
    let answer = telegram.get(&with_query).await;
    assert_eq!(answer.result()["text"], "from query");
    let multipart = format!(
        "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n{CHAT}\r\n\
         --B\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a.txt\"\r\n\r\nabc\r\n--B--\r\n"
    );
    let path = format!("/bot{}/sendDocument", telegram.token.expose());
    let answer = telegram
        .post(
            &path,
            "multipart/form-data; boundary=B",
            multipart.as_bytes(),
        )
        .await;
    let document = &answer.result()["document"];
    assert_eq!(document["file_name"], "a.txt");
    let calls = telegram.control.calls(telegram.bot);
    let upload = &calls.last().unwrap().uploads[0];
    assert_eq!((&*upload.name, upload.bytes), ("a.txt", 3));
    let file = telegram
        .call("getFile", json!({"file_id": document["file_id"]}))
        .await;
    let path = file.result()["file_path"].as_str().unwrap().to_owned();
    let path = format!("/file/bot{}/{path}", telegram.token.expose());
    assert_eq!(telegram.get(&path).await.body, "abc");
}

#[tokio::test]
async fn null_is_a_word_of_four_letters() {
    let telegram = Telegram::start().await;
    telegram.knows("bots.example.com", "127.0.0.1:9".parse().unwrap());
    let parameters = json!({
        "url": "https://bots.example.com",
        "secret_token": null,
        "max_connections": null,
        "certificate": null,
    });
    let answer = telegram.call("setWebhook", parameters).await;
    assert_eq!(answer.description(), "Webhook was set");
    assert_eq!(telegram.info()["max_connections"], 1);
    telegram.hands.advance(Duration::from_secs(1));
    let secret =
        json!({"url": "https://bots.example.com", "secret_token": "null", "max_connections": 1});
    let answer = telegram.call("setWebhook", secret).await;
    assert_eq!(
        answer.description(),
        "Webhook is already set",
        "the secret is null"
    );
    telegram.hands.advance(Duration::from_secs(1));
    let answer = telegram.call("setWebhook", json!({"url": null})).await;
    assert_eq!(
        answer.description(),
        "Bad Request: bad webhook: Failed to resolve host: Name or service not known"
    );
}

#[tokio::test]
async fn calls_fail_on_demand() {
    let telegram = Telegram::start().await;
    let fail = |how| {
        telegram
            .control
            .fail(Failure::next(1, how).of(telegram.bot));
    };
    fail(FailureKind::TooManyRequests(7));
    let answer = telegram.call("getMe", json!({})).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.description(), "Too Many Requests: retry after 7");
    assert_eq!(answer.body["parameters"], json!({"retry_after": 7}));
    assert!(answer.head.contains("retry-after: 7"));
    fail(FailureKind::Status(502));
    let answer = telegram.call("getMe", json!({})).await;
    assert_eq!((answer.status, answer.description()), (502, "Bad Gateway"));
    fail(FailureKind::NotJson(502));
    let answer = telegram.call("getMe", json!({})).await;
    assert!(answer.head.contains("text/html"));
    fail(FailureKind::Unauthorized);
    assert_eq!(telegram.call("getMe", json!({})).await.status, 401);
    telegram.says("hello");
    let path = format!(
        "/bot{}/sendMessage?chat_id={CHAT}&text=x",
        telegram.token.expose()
    );
    for (how, messages) in [(FailureKind::Cut, 1), (FailureKind::CutAfter, 2)] {
        fail(how);
        let cut = request(telegram.simulator.address(), "GET", &path, "", b"").await;
        assert!(cut.is_none());
        assert_eq!(
            telegram.control.messages(telegram.bot, CHAT).len(),
            messages
        );
    }
    telegram
        .control
        .fail(Failure::next(2, FailureKind::Unauthorized).on("sendmessage"));
    assert_eq!(telegram.call("getMe", json!({})).await.status, 200);
    assert_eq!(telegram.get(&path).await.status, 401);
    telegram.control.clear_failures();
    assert_eq!(telegram.get(&path).await.status, 200);
}

#[tokio::test]
async fn slow_answers_follow_the_simulators_clock() {
    let telegram = Telegram::start().await;
    telegram
        .control
        .fail(Failure::next(1, FailureKind::Delay(30_000)));
    let path = format!("/bot{}/getMe", telegram.token.expose());
    let address = telegram.simulator.address();
    let slow = tokio::spawn(async move { request(address, "GET", &path, "", b"").await });
    telegram.hands.sleepers(1).await;
    assert!(!slow.is_finished());
    telegram.hands.advance(Duration::from_secs(30));
    assert_eq!(slow.await.unwrap().unwrap().status, 200);
    let call = telegram.control.calls(telegram.bot).pop().unwrap();
    assert_eq!((call.method.as_str(), call.status), ("getMe", 200));
}

#[tokio::test]
async fn what_is_not_acted_out_is_recorded_and_answered() {
    let telegram = Telegram::start().await;
    telegram.says("hello");
    let ban = json!({"chat_id": CHAT, "user_id": 5});
    assert_eq!(
        *telegram.call("banChatMember", ban).await.result(),
        json!(true)
    );
    telegram
        .control
        .answer_with("getStarTransactions", json!({"transactions": []}));
    let answer = telegram.call("getStarTransactions", json!({})).await;
    assert_eq!(*answer.result(), json!({"transactions": []}));
    let methods: Vec<String> = telegram
        .control
        .calls(telegram.bot)
        .into_iter()
        .map(|call| call.method)
        .collect();
    assert_eq!(methods, ["banChatMember", "getStarTransactions"]);
}
