//! Who may call, and what they may see.

use ids::ProjectId;
use management_api::{Abilities, Ability, ApiTokens, Environment};

use crate::support::{bearer, bot, on_both, pasted};

#[tokio::test(flavor = "multi_thread")]
async fn only_one_good_bearer_token_is_taken() {
    on_both(async |place| {
        let good = format!("Bearer {}", place.bearer);
        let altered = match good.strip_suffix('A') {
            Some(rest) => format!("{rest}B"),
            None => format!("{}A", &good[..good.len() - 1]),
        };
        let other_environment = good.replacen("live", "test", 1);
        let cut = &good[..good.len() - 1];
        let longer = format!("{good}A");
        let unknown = "Bearer mpt_live_01ARZ3NDEKTSV4RRFFQ69G5FAV_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let basic = good.replacen("Bearer", "Basic", 1);
        let refused: [&[&str]; 12] = [
            &[],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["Bearer nonsense"],
            &[&basic],
            &[&good[7..]],
            &[&good, &good],
            &[&altered],
            &[&other_environment],
            &[cut],
            &[&longer],
        ];
        for authorization in refused.into_iter().chain([&[unknown][..]]) {
            let answer = place.send_as(authorization, "GET", &bot("1"), "").await;
            assert_eq!(answer.fault(), (401, "UNAUTHENTICATED"), "{authorization:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let lower = good.replacen("Bearer", "bearer", 1);
        assert_eq!(place.send_as(&[&lower], "GET", &bot("1"), "").await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_worth_nothing_at_once() {
    on_both(async |place| {
        let token = place.mint(Abilities::all(), None).await;
        let bearer = bearer(&token);
        assert_eq!(
            place.send_as(&[&bearer], "GET", &bot("1"), "").await.status,
            200
        );
        assert!(place.tokens.revoke(token.id()).await.unwrap());
        let answer = place.send_as(&[&bearer], "GET", &bot("1"), "").await;
        assert_eq!(answer.fault(), (401, "UNAUTHENTICATED"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_test_environment_is_good_there() {
    on_both(async |place| {
        let entropy = clock::Entropy::seeded(9);
        let (database, clock) = (place.database.clone(), place.clock.clone());
        let tests = ApiTokens::new(database, Environment::Test, clock, entropy);
        let token = tests.mint("test", Abilities::all(), None).await.unwrap();
        assert!(token.expose().starts_with("mpt_test_"));
        assert!(tests.verify(token.expose()).await.unwrap().is_some());
        assert_eq!(place.tokens.verify(token.expose()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ability_is_needed_for_each_call() {
    on_both(async |place| {
        let one = "/v1/webhook-endpoints/whe_01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let of_bot = |what: &str| format!("{}/{what}", bot("1"));
        let of_one = |what: &str| format!("{one}/{what}");
        let calls = [
            ("GET", bot("1"), Ability::ProjectView),
            ("PUT", bot("1"), Ability::ProjectManage),
            ("DELETE", bot("1"), Ability::ProjectManage),
            ("POST", of_bot("diagnosis"), Ability::ProjectView),
            ("GET", of_bot("health-changes"), Ability::ProjectView),
            ("POST", of_bot("pause"), Ability::ProjectManage),
            ("POST", of_bot("reconnect"), Ability::ProjectManage),
            ("POST", of_bot("resume"), Ability::ProjectManage),
            ("GET", "/v1/bots".to_owned(), Ability::ProjectViewAny),
            ("POST", "/v1/bots/import".to_owned(), Ability::ProjectManage),
            (
                "GET",
                "/v1/registrations".to_owned(),
                Ability::ProjectViewAny,
            ),
            (
                "GET",
                "/v1/webhook-endpoints".to_owned(),
                Ability::EventsView,
            ),
            (
                "POST",
                "/v1/webhook-endpoints".to_owned(),
                Ability::EventsManage,
            ),
            ("GET", one.to_owned(), Ability::EventsView),
            ("PATCH", one.to_owned(), Ability::EventsManage),
            ("DELETE", one.to_owned(), Ability::EventsManage),
            ("GET", of_one("deliveries"), Ability::EventsView),
            ("POST", of_one("disable"), Ability::EventsManage),
            ("POST", of_one("enable"), Ability::EventsManage),
            ("POST", of_one("rotate-secret"), Ability::EventsManage),
            ("POST", of_one("test"), Ability::EventsManage),
            (
                "POST",
                "/v1/event-deliveries/1/replay".to_owned(),
                Ability::EventsManage,
            ),
            ("GET", "/v1/keys".to_owned(), Ability::KeysManage),
            ("POST", "/v1/keys/reload".to_owned(), Ability::KeysManage),
            ("POST", "/v1/keys/rewrap".to_owned(), Ability::KeysManage),
            ("POST", "/v1/keys/7/promote".to_owned(), Ability::KeysManage),
            ("POST", "/v1/keys/7/retire".to_owned(), Ability::KeysManage),
            ("POST", "/v1/keys/add".to_owned(), Ability::KeysManage),
        ];
        for held in Ability::ALL {
            let bearer = bearer(&place.mint([held].into_iter().collect(), None).await);
            for (method, path, needed) in &calls {
                let answer = place.send_as(&[&bearer], method, path, "").await;
                if held == *needed {
                    assert_ne!(answer.status, 403, "{method} {path} {answer:?}");
                } else {
                    assert_eq!(
                        answer.fault(),
                        (403, "TOKEN_MISSING_ABILITY"),
                        "{method} {path}"
                    );
                    let message = answer.body["error"]["message"].as_str().unwrap();
                    assert!(message.contains(needed.as_str()), "{message}");
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_the_whole_server_is_not_there_for_a_token_of_one_project() {
    on_both(async |place| {
        let own: ProjectId = "prj_1".parse().unwrap();
        let bearer = bearer(&place.mint(Abilities::all(), Some(own)).await);
        for (method, path) in [
            ("POST", "/v1/bots/import"),
            ("GET", "/v1/registrations"),
            ("GET", "/v1/webhook-endpoints"),
            ("POST", "/v1/webhook-endpoints"),
            ("POST", "/v1/event-deliveries/1/replay"),
            ("GET", "/v1/keys"),
            ("POST", "/v1/keys/add"),
        ] {
            let answer = place.send_as(&[&bearer], method, path, "").await;
            assert_eq!(
                answer.fault(),
                (404, "RESOURCE_NOT_FOUND"),
                "{method} {path}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_project_is_not_there_for_a_token_of_one_project() {
    on_both(async |place| {
        let (_, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        let own: ProjectId = "prj_2".parse().unwrap();
        // Without the ability too: which of the two is missing is not told.
        for abilities in [Abilities::all(), std::iter::empty().collect()] {
            let bearer = bearer(&place.mint(abilities, Some(own.clone())).await);
            for (method, body) in [
                ("GET", String::new()),
                ("PUT", pasted(&token)),
                ("DELETE", String::new()),
            ] {
                let answer = place.send_as(&[&bearer], method, &bot("1"), &body).await;
                assert_eq!(answer.fault(), (404, "RESOURCE_NOT_FOUND"), "{method}");
            }
        }
        let bearer = bearer(&place.mint(Abilities::all(), Some(own)).await);
        assert_eq!(
            place.send_as(&[&bearer], "GET", &bot("2"), "").await.status,
            200
        );
        assert_eq!(
            place.send("GET", &bot("1"), "").await.data()["connected"],
            true
        );
    })
    .await;
}
