//! Many bots at once.

use std::time::Duration;

use serde_json::{Value, json};
use telegram_simulator::Token;

use crate::support::{Place, on_both, on_both_at_telegrams_pace};

const PATH: &str = "/v1/bots/import";

#[tokio::test(flavor = "multi_thread")]
async fn bots_are_connected_and_found_connected_when_they_are_brought_again() {
    on_both(async |place| {
        let tokens = tokens(&place, 5);
        let mut brought = body(&tokens);
        brought["bots"][1]["token"] = "123456789:nonsense".into();
        brought["bots"][2]["token"] = format!("123456789:{}", "B".repeat(35)).into();
        let answer = place.send("POST", PATH, &brought.to_string()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.data()["waiting"]),
            (200, &json!(0))
        );
        for (project, outcome) in [
            (1, "connected"),
            (2, "refused"),
            (3, "refused"),
            (4, "connected"),
            (5, "connected"),
        ] {
            assert_eq!(
                result(answer.data(), project)["outcome"],
                outcome,
                "{project}"
            );
        }
        assert_eq!(result(answer.data(), 1)["bot"]["name"], "shop1_bot");
        assert_eq!(
            result(answer.data(), 2)["failure"]["code"],
            "VALIDATION_FAILED"
        );
        assert_eq!(
            result(answer.data(), 3)["failure"]["code"],
            "BOT_TOKEN_NOT_VALID"
        );
        for told in ["message", "remediation"] {
            assert!(result(answer.data(), 3)["failure"][told].is_string());
        }
        let again = place.send("POST", PATH, &body(&tokens).to_string()).await;
        for (project, outcome) in [
            (1, "already"),
            (2, "connected"),
            (3, "connected"),
            (5, "already"),
        ] {
            assert_eq!(
                result(again.data(), project)["outcome"],
                outcome,
                "{project}"
            );
        }
        assert!(!place.said().contains("BBBB") && !place.said().contains("nonsense"));
        assert!(
            tokens
                .iter()
                .all(|token| !place.said().contains(token.expose()))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_does_not_take_now_is_told_to_be_waiting() {
    on_both_at_telegrams_pace(async |place| {
        let tokens = tokens(&place, 30);
        let request = place.start_sending("POST", PATH, &body(&tokens).to_string());
        let answer = pass_time(&place, request).await;
        let done = answer["results"].as_array().unwrap().len();
        assert_eq!(done, 15, "{answer}");
        assert_eq!(answer["waiting"], 15);
        // Those who paste have a share of their own.
        let (_, mine) = place.control.new_bot("Mine", "mine_bot");
        assert_eq!(place.put("99", &mine).await.status, 200);
        place.hands.advance(Duration::from_secs(61));
        let request = place.start_sending("POST", PATH, &body(&tokens).to_string());
        let answer = pass_time(&place, request).await;
        let results = answer["results"].as_array().unwrap();
        let count = |outcome: &str| {
            results
                .iter()
                .filter(|one| one["outcome"] == outcome)
                .count()
        };
        assert_eq!((count("already"), count("connected")), (15, 15), "{answer}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pastes_too_many_is_told_when_to_come_back() {
    on_both_at_telegrams_pace(async |place| {
        let mut last = None;
        for (number, token) in tokens(&place, 21).iter().enumerate() {
            last = Some(
                place
                    .send(
                        "PUT",
                        &crate::support::bot(&number.to_string()),
                        &crate::support::pasted(token),
                    )
                    .await,
            );
        }
        let last = last.unwrap();
        assert_eq!(last.fault(), (429, "TOO_MANY_NEW_BOTS"));
        let wait: u64 = last.header("retry-after").parse().unwrap();
        assert!((55..=62).contains(&wait), "{wait}");
    })
    .await;
}

fn tokens(place: &Place, count: u32) -> Vec<Token> {
    let new = |number| {
        place
            .control
            .new_bot("Shop", &format!("shop{number}_bot"))
            .1
    };
    (1..=count).map(new).collect()
}

fn body(tokens: &[Token]) -> Value {
    let bots = tokens.iter().enumerate();
    let bots: Vec<_> = bots
        .map(|(place, token)| json!({"project": format!("prj_{}", place + 1), "token": token.expose()}))
        .collect();
    json!({ "bots": bots })
}

fn result(data: &Value, project: u32) -> &Value {
    let mut results = data["results"].as_array().unwrap().iter();
    let project = format!("prj_{project}");
    results.find(|one| one["project_id"] == *project).unwrap()
}

/// Lets time pass until there is an answer: as long as the server can go on without it, none.
async fn pass_time(
    place: &Place,
    request: tokio::task::JoinHandle<http::Response<http_body_util::Full<bytes::Bytes>>>,
) -> Value {
    let real = clock::Clock::system();
    for _ in 0..400 {
        if request.is_finished() {
            break;
        }
        real.sleep(Duration::from_millis(20)).await;
        place.hands.advance(Duration::from_millis(100));
    }
    let answer = place.read(request.await.unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.data().clone()
}
