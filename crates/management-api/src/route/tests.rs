use super::*;
use crate::calls::EndpointCall;

#[test]
fn every_call_has_one_path_and_method_and_nothing_else_does() {
    let table = table();
    for (call, route) in &table {
        let call = call.replace("{id}", ENDPOINT);
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        assert_eq!(Route::of(&method, path).as_ref(), Ok(route), "{call}");
        for other in [Method::GET, Method::POST, Method::PATCH, Method::HEAD] {
            if let Ok(also) = Route::of(&other, path) {
                assert!(
                    table.iter().any(|(_, known)| *known == also),
                    "{other} {path}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_path_is_none_with_any_method() {
    for path in [
        "",
        "/",
        "/v1",
        "/v1/bots/",
        "/v1/bots/prj_1",
        "/v1/event-deliveries",
        "/v1/event-deliveries/0/replay",
        "/v1/event-deliveries/7",
        "/v1/keys/",
        "/v1/keys/0/retire",
        "/v1/keys/01/retire",
        "/v1/keys/4294967296/retire",
        "/v1/keys/1",
        "/v1/updates/",
        "/v1/updates/0",
        "/v1/updates/07",
        "/v1/updates/-1",
        "/v1/updates/1/2",
        "/v1/projects/prj_1/bot/",
        "/v1/projects/prj_1/bot/pause/x",
        "/v1/webhook-endpoints/",
        "/v1/webhook-endpoints/whe_1",
        "/v1/webhook-endpoints/whe_01ARZ3NDEKTSV4RRFFQ69G5FAV/x",
        "//livez",
        "/v2/projects/prj_1/bot",
    ] {
        for method in [Method::GET, Method::POST] {
            assert_eq!(
                Route::of(&method, path),
                Err(NoRoute::Path),
                "{method} {path}"
            );
        }
    }
    let bot = Route::of(&Method::GET, "/v1/projects/7/bot");
    assert_eq!(bot, Err(NoRoute::Project));
}

fn table() -> Vec<(&'static str, Route)> {
    let mut all = of_bots();
    all.extend(of_events());
    all.extend(of_keys());
    all
}

fn of_bots() -> Vec<(&'static str, Route)> {
    let of_bot = |call| Route::Bot("prj_1".parse().unwrap(), call);
    vec![
        ("GET /livez", Route::Live),
        ("GET /readyz", Route::Ready),
        ("GET /v1/bots", Route::Bots),
        ("POST /v1/bots/import", Route::Import),
        ("GET /v1/registrations", Route::Registrations),
        ("PUT /v1/projects/prj_1/bot", of_bot(BotCall::PutToken)),
        ("GET /v1/projects/prj_1/bot", of_bot(BotCall::Show)),
        ("DELETE /v1/projects/prj_1/bot", of_bot(BotCall::Disconnect)),
        (
            "POST /v1/projects/prj_1/bot/diagnosis",
            of_bot(BotCall::Diagnose),
        ),
        (
            "GET /v1/projects/prj_1/bot/health-changes",
            of_bot(BotCall::HealthChanges),
        ),
        ("POST /v1/projects/prj_1/bot/pause", of_bot(BotCall::Hold)),
        (
            "POST /v1/projects/prj_1/bot/reconnect",
            of_bot(BotCall::Reconnect),
        ),
        (
            "POST /v1/projects/prj_1/bot/resume",
            of_bot(BotCall::Release),
        ),
    ]
}

fn of_events() -> Vec<(&'static str, Route)> {
    let endpoint = |call| Route::Events(EventsCall::One(ENDPOINT.parse().unwrap(), call));
    vec![
        ("GET /v1/webhook-endpoints", Route::Events(EventsCall::List)),
        (
            "POST /v1/webhook-endpoints",
            Route::Events(EventsCall::Create),
        ),
        (
            "GET /v1/webhook-endpoints/{id}",
            endpoint(EndpointCall::Show),
        ),
        (
            "PATCH /v1/webhook-endpoints/{id}",
            endpoint(EndpointCall::Change),
        ),
        (
            "DELETE /v1/webhook-endpoints/{id}",
            endpoint(EndpointCall::Delete),
        ),
        (
            "POST /v1/webhook-endpoints/{id}/enable",
            endpoint(EndpointCall::Enable),
        ),
        (
            "POST /v1/webhook-endpoints/{id}/disable",
            endpoint(EndpointCall::Disable),
        ),
        (
            "POST /v1/webhook-endpoints/{id}/rotate-secret",
            endpoint(EndpointCall::RotateSecret),
        ),
        (
            "POST /v1/webhook-endpoints/{id}/test",
            endpoint(EndpointCall::Test),
        ),
        (
            "GET /v1/webhook-endpoints/{id}/deliveries",
            endpoint(EndpointCall::Deliveries),
        ),
        (
            "POST /v1/event-deliveries/7/replay",
            Route::Events(EventsCall::Replay("7".parse().unwrap())),
        ),
    ]
}

fn of_keys() -> Vec<(&'static str, Route)> {
    vec![
        ("GET /v1/keys", Route::Keys(KeysCall::Status)),
        ("POST /v1/keys/add", Route::Keys(KeysCall::Add)),
        ("POST /v1/keys/reload", Route::Keys(KeysCall::Reload)),
        ("POST /v1/keys/rewrap", Route::Keys(KeysCall::Rewrap)),
        (
            "POST /v1/keys/2/promote",
            Route::Keys(KeysCall::Promote(ids::KeyId::new(2))),
        ),
        (
            "POST /v1/keys/1/retire",
            Route::Keys(KeysCall::Retire(ids::KeyId::new(1))),
        ),
    ]
}

const ENDPOINT: &str = "whe_01ARZ3NDEKTSV4RRFFQ69G5FAV";
