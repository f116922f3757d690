//! Routes, arguments and answers, driven with updates and no network.

mod durable;
mod layers;
mod routes;
mod sessions;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use telegram_bot_api::methods::{AnswerCallbackQuery, ApproveChatJoinRequest, SendMessage};
use telegram_bot_api::{Call, Update, UpdateKind};
use update_dispatcher::router::{
    Callback, Chat, Command, FromIncoming, FromRef, JoinRequest, MemberChange, NewMembers,
    Rejection, Request, Sender, State, TextMessage,
};
use update_dispatcher::testing::{drive, handle};
use update_dispatcher::{Flow, Incoming, RetryWhen, Router, Stage, StageError, StageOutcome};

fn text(text: &str) -> Value {
    json!({"update_id": 1, "message": {
        "message_id": 5, "date": 1_764_000_000, "text": text,
        "chat": {"id": -100, "type": "group", "title": "G"},
        "from": {"id": 42, "is_bot": false, "first_name": "Ann"},
    }})
}

fn payload(file: &str) -> Value {
    serde_json::from_str(file).unwrap()
}

fn said(word: impl Into<String>) -> Call {
    Call::new(word.into(), Map::new())
}

async fn names(router: &Router, update: Value) -> Vec<String> {
    let calls = drive(router, update).await.unwrap();
    calls.iter().map(|call| call.method().to_owned()).collect()
}

#[tokio::test]
async fn the_first_route_that_matches_answers() {
    let router = Router::new()
        .on_command("start", async || said("start"))
        .on_command("/Start", async || said("never"))
        .on_text(async || said("text"))
        .fallback(async || said("fallback"));
    assert_eq!(names(&router, text("/start")).await, ["start"]);
    assert_eq!(names(&router, text("/START now")).await, ["start"]);
    assert_eq!(names(&router, text("hello")).await, ["text"]);
    assert_eq!(names(&router, text("/stop")).await, ["fallback"]);
    let poll = json!({"update_id": 1, "something_new": {"id": 1}});
    assert_eq!(names(&router, poll).await, ["fallback"]);
}

#[tokio::test]
async fn what_no_route_takes_goes_on_and_what_one_takes_ends() {
    let router = Router::new()
        .on_command("a", async || ())
        .on_command("b", async || (said("b"), Flow::Continue));
    let flow = async |update| handle(&router, update).await.unwrap();
    assert_eq!(flow(text("hello")).await, StageOutcome::pass());
    assert_eq!(flow(text("/a")).await, StageOutcome::end(vec![]));
    let outcome = flow(text("/b")).await;
    assert_eq!((outcome.calls.len(), outcome.flow), (1, Flow::Continue));
}

#[tokio::test]
async fn a_command_for_another_bot_is_left_alone_where_the_own_name_is_known() {
    let routes = || Router::new().on_command("start", async || said("start"));
    assert_eq!(names(&routes(), text("/start@OtherBot")).await, ["start"]);
    let named = routes().bot_usernames(|_| Some("MyBot".into()));
    assert!(names(&named, text("/start@OtherBot")).await.is_empty());
    assert_eq!(names(&named, text("/start@mybot x")).await, ["start"]);
    assert_eq!(names(&named, text("/start")).await, ["start"]);
}

#[tokio::test]
async fn a_link_goes_to_the_command_that_it_carries_if_there_is_a_route() {
    let show = async |command: Command| said(format!("{} {:?}", command.name, command.args));
    let router = Router::new()
        .on_command("start", show)
        .on_command("check", show);
    let answers = [
        ("/start -check_-42", r#"check ["42"]"#),
        ("/start -other_-42", r#"start ["-other_-42"]"#),
        ("/start ABCD-1234", r#"start ["ABCD-1234"]"#),
        ("/check 42", r#"check ["42"]"#),
    ];
    for (typed, answer) in answers {
        assert_eq!(names(&router, text(typed)).await, [answer]);
    }
}

#[tokio::test]
async fn a_tap_is_matched_by_how_its_data_begin_and_real_bodies_are_read() {
    let router = Router::new()
        .on_callback("nav:", async || said("never"))
        .on_callback(
            "order:",
            async |tap: Callback, Chat(chat): Chat, Sender(user): Sender| {
                let answer = AnswerCallbackQuery::new(tap.id.clone());
                (
                    answer,
                    SendMessage::new(chat, format!("{} {user}", tap.data())),
                )
            },
        );
    let update = payload(include_str!("../payloads/2_callback_query.json"));
    let calls = drive(&router, update).await.unwrap();
    assert_eq!(calls[0].method(), "answerCallbackQuery");
    assert_eq!(
        calls[1].params()["text"],
        "order:confirm:u100000001:1 7700000001"
    );
}

#[tokio::test]
async fn members_that_come_are_seen_both_ways() {
    let router = Router::new()
        .on_member(async |change: MemberChange| {
            let who = change.member().unwrap().id;
            said(format!("{who} {} {}", change.joined(), change.left()))
        })
        .on_new_members(async |members: NewMembers| said(members.users().len().to_string()));
    let change = payload(include_str!("../payloads/3_chat_member.json"));
    assert_eq!(names(&router, change).await, ["6200000999 true false"]);
    let message = payload(include_str!("../payloads/5_new_chat_members.json"));
    assert_eq!(names(&router, message).await, ["2"]);
}

#[tokio::test]
async fn a_join_request_is_answered_by_a_method() {
    let router = Router::new().on_join_request(async |request: JoinRequest| {
        ApproveChatJoinRequest::new(request.chat.id, request.from.id)
    });
    let update = json!({"update_id": 1, "chat_join_request": {
        "chat": {"id": -100, "type": "supergroup", "title": "G"}, "date": 1, "user_chat_id": 42,
        "from": {"id": 42, "is_bot": false, "first_name": "Ann"},
    }});
    assert_eq!(names(&router, update).await, ["approveChatJoinRequest"]);
}

#[tokio::test]
async fn a_route_whose_arguments_do_not_apply_does_not_match() {
    let router = Router::new()
        .on_kind(UpdateKind::Message, async |_: Callback| said("never"))
        .on_kind(
            UpdateKind::Message,
            async |tap: Option<Callback>, message: TextMessage| {
                said(format!("{} {}", tap.is_some(), message.text()))
            },
        );
    assert_eq!(names(&router, text("hello")).await, ["false hello"]);
}

#[derive(Clone)]
struct Shop {
    name: &'static str,
    open: Open,
}

#[derive(Clone, Copy)]
struct Open(bool);

impl FromRef<Shop> for Open {
    fn from_ref(shop: &Shop) -> Self {
        shop.open
    }
}

#[tokio::test]
async fn handlers_share_the_state_or_a_part_of_it() {
    async fn whole(State(shop): State<Shop>) -> Call {
        said(shop.name)
    }
    async fn part(State(Open(open)): State<Open>) -> Option<Call> {
        open.then(|| said("open"))
    }
    let router = Router::new().on_command("name", whole).fallback(part);
    let router = router.with_state(Shop {
        name: "bakery",
        open: Open(true),
    });
    assert_eq!(names(&router, text("/name")).await, ["bakery"]);
    assert_eq!(names(&router, text("?")).await, ["open"]);
}

struct Member(i64);

impl<S: Sync> FromIncoming<S> for Member {
    async fn from_incoming(request: &Request, state: &S) -> Result<Self, Rejection> {
        tokio::task::yield_now().await;
        let Sender(user) = Sender::from_incoming(request, state).await?;
        if user.value() == 42 {
            return Err(Rejection::Failed(StageError::later("no database")));
        }
        Ok(Self(user.value()))
    }
}

#[tokio::test]
async fn an_argument_may_wait_and_fail() {
    let router = Router::new().on_text(async |member: Member| said(member.0.to_string()));
    assert_eq!(
        drive(&router, text("hi")).await.unwrap_err().reason,
        "no database"
    );
    let body = include_str!("../payloads/4_group_entities_reply.json");
    assert_eq!(names(&router, payload(body)).await, ["6200000123"]);
}

#[tokio::test]
async fn an_error_becomes_the_reason_with_its_sources() {
    #[derive(Debug, thiserror::Error)]
    #[error("the plan cannot be read")]
    struct Outer(#[source] std::num::ParseIntError);

    async fn plan(command: Command) -> Result<Vec<Call>, StageError> {
        let number: usize = command.text.parse().map_err(Outer)?;
        Ok(vec![said("plan"); number])
    }
    async fn closed() -> Result<(), StageError> {
        Err(StageError::fatal("closed"))
    }
    let router = Router::new().on_command("plan", plan).fallback(closed);
    assert_eq!(names(&router, text("/plan 2")).await, ["plan", "plan"]);
    let error = drive(&router, text("/plan x")).await.unwrap_err();
    assert_eq!(
        error.reason,
        "the plan cannot be read: invalid digit found in string"
    );
    assert_eq!(error.retry, RetryWhen::Later);
    assert_eq!(
        drive(&router, text("?")).await.unwrap_err().retry,
        RetryWhen::Never
    );
}

#[tokio::test]
async fn whole_updates_can_be_had_too() {
    async fn six(
        incoming: Incoming,
        update: Arc<Update>,
        _: Option<Chat>,
        _: Option<Sender>,
        _: Option<Command>,
        _: TextMessage,
    ) -> (Call, Option<Call>, Vec<Call>) {
        let same = Arc::ptr_eq(&incoming.update, &update);
        (
            said(same.to_string()),
            None,
            vec![said(incoming.attempt.to_string())],
        )
    }
    let router = Router::new().fallback(six);
    assert_eq!(names(&router, text("hi")).await, ["true", "1"]);
}

#[test]
fn the_routes_say_which_kinds_they_want() {
    let router: Router = Router::new()
        .on_command("start", async || ())
        .on_text(async || ())
        .on_callback("", async || ())
        .on_member(async || ())
        .on_own_member(async || ())
        .on_kind(UpdateKind::from("brand_new"), async || ())
        .fallback(async || ());
    let kinds: Vec<_> = router
        .allowed_updates()
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        "message",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "brand_new",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(Stage::name(&router.named("shop")), "shop");
}
