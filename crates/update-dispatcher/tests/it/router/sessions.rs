//! What handlers remember from one update to the next.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use telegram_bot_api::{Call, ChatId};
use update_dispatcher::router::{Command, Session, TextMessage};
use update_dispatcher::testing::TestBot;
use update_dispatcher::testing::updates::text;
use update_dispatcher::{Lane, Router, SessionLimits, StageError};

use super::said;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Order {
    #[default]
    Nothing,
    Name,
    City {
        name: String,
    },
}

async fn begin(mut order: Session<Order>) -> Call {
    *order = Order::Name;
    said("name?")
}

async fn go_on(mut order: Session<Order>, message: TextMessage) -> Option<Call> {
    let answer = message.text().to_owned();
    match &*order {
        Order::Nothing => None,
        Order::Name => {
            *order = Order::City { name: answer };
            Some(said("city?"))
        }
        Order::City { name } => {
            let done = said(format!("{name} of {answer}"));
            order.clear();
            Some(done)
        }
    }
}

fn dialogue() -> Router {
    Router::new().on_command("order", begin).on_text(go_on)
}

async fn says(bot: &TestBot, chat: i64, what: &str) -> String {
    let calls = bot.send(text(what).from(chat, "Ann")).await.unwrap();
    calls.methods().join(" ")
}

fn chat(id: i64) -> Lane {
    Lane::Chat(ChatId(id))
}

#[tokio::test]
async fn a_dialogue_goes_on_where_it_was_in_each_chat_by_itself() {
    let bot = TestBot::new(dialogue().named("shop"));
    assert_eq!(says(&bot, 1, "hello").await, "");
    assert_eq!(says(&bot, 1, "/order").await, "name?");
    assert_eq!(
        says(&bot, 2, "Bo").await,
        "",
        "another chat knows nothing of it"
    );
    assert_eq!(says(&bot, 1, "Ann").await, "city?");
    let city = Order::City { name: "Ann".into() };
    assert_eq!(bot.session(chat(1), "shop"), Some(city));
    assert_eq!(says(&bot, 1, "Berlin").await, "Ann of Berlin");
    assert_eq!(bot.session::<Order>(chat(1), "shop"), None);
}

#[tokio::test]
async fn stages_and_nested_routers_have_sessions_of_their_own_and_merged_ones_share_theirs() {
    async fn count(mut seen: Session<u32>) -> Call {
        *seen += 1;
        said(seen.to_string())
    }
    let inner = Router::new().on_command("c", count);
    let nested = Router::new().on_command("b", count).nest("deep", inner);
    let shop = Router::new()
        .on_command("a", count)
        .nest("checkout", nested)
        .merge(Router::new().on_command("d", count))
        .named("shop");
    let other = Router::new().named("other").on_command("e", count);
    let bot = TestBot::new(shop).and_then(other);
    for (said, answer) in [
        ("/a", "1"),
        ("/b", "1"),
        ("/c", "1"),
        ("/d", "2"),
        ("/e", "1"),
        ("/a", "3"),
    ] {
        assert_eq!(says(&bot, 1, said).await, answer, "{said}");
    }
    let names = ["shop", "shop/checkout", "shop/checkout/deep", "other"];
    let seen = names.map(|name| bot.session::<u32>(chat(1), name));
    assert_eq!(seen, [Some(3), Some(1), Some(1), Some(1)]);
}

#[tokio::test]
async fn what_was_left_alone_or_failed_is_as_it_was() {
    async fn fails(mut seen: Session<u32>, command: Command) -> Result<Call, StageError> {
        assert_eq!(seen.is_new(), *seen == 0);
        if command.text != "look" {
            *seen += 1;
        }
        match &*command.text {
            "fail" => Err(StageError::later("no")),
            _ => Ok(said(seen.to_string())),
        }
    }
    let bot = TestBot::new(Router::new().on_command("x", fails));
    assert_eq!(says(&bot, 1, "/x look").await, "0");
    assert_eq!(bot.session::<u32>(chat(1), "router"), None);
    assert_eq!(says(&bot, 1, "/x").await, "1");
    assert!(bot.send(text("/x fail").from(1, "Ann")).await.is_err());
    assert_eq!(says(&bot, 1, "/x look").await, "1");
}

#[tokio::test]
async fn a_session_expires_when_nobody_asked_for_it_in_time() {
    async fn count(mut seen: Session<u32>, message: TextMessage) -> Call {
        if message.text() == "more" {
            *seen += 1;
        }
        said(seen.to_string())
    }
    let limits = SessionLimits {
        keep_for: Duration::from_secs(100),
        ..SessionLimits::default()
    };
    let bot = TestBot::new(Router::new().session_limits(limits).on_text(count));
    assert_eq!(says(&bot, 1, "more").await, "1");
    for _ in 0..3 {
        bot.advance(Duration::from_secs(90));
        assert_eq!(says(&bot, 1, "look").await, "1", "reading keeps it");
    }
    bot.advance(Duration::from_secs(100));
    assert_eq!(bot.session::<u32>(chat(1), "router"), None);
    assert_eq!(says(&bot, 1, "look").await, "0");
}

#[tokio::test]
async fn a_session_too_large_or_still_in_use_or_taken_twice_fails_with_a_sentence() {
    async fn grow(mut all: Session<String>) {
        *all = "x".repeat(20_000);
    }
    async fn keep(all: Session<String>) {
        std::mem::forget(all);
    }
    async fn twice(_: Session<String>, _: Session<u8>) {}
    let router = Router::new()
        .on_command("grow", grow)
        .on_command("keep", keep)
        .on_command("twice", twice);
    let bot = TestBot::new(router.named("shop"));
    for (said, reason) in [
        (
            "/grow",
            "the session of shop has 20002 bytes, and 16384 are allowed",
        ),
        (
            "/keep",
            "the handler has answered, and its session is still in use",
        ),
        ("/twice", "a handler can take one session only"),
    ] {
        let error = bot.send(text(said)).await.unwrap_err();
        assert_eq!(error, StageError::fatal(reason));
    }
}

#[tokio::test]
async fn another_type_reads_what_it_can_and_what_it_cannot_stays_until_it_is_changed() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Newer {
        seen: u32,
        added: bool,
    }
    async fn old(mut seen: Session<std::collections::BTreeMap<String, u32>>) {
        seen.insert("seen".into(), 7);
    }
    async fn newer(session: Session<Newer>) -> Call {
        said(format!("{} {}", session.seen, session.added))
    }
    async fn foreign(mut session: Session<Vec<u8>>, command: Command) -> Call {
        if command.text == "write" {
            session.push(1);
        }
        said(format!("{} {}", session.len(), session.is_new()))
    }
    let router = Router::new()
        .on_command("old", old)
        .on_command("newer", newer)
        .on_command("foreign", foreign);
    let bot = TestBot::new(router);
    says(&bot, 1, "/old").await;
    assert_eq!(says(&bot, 1, "/newer").await, "7 false");
    assert_eq!(says(&bot, 1, "/foreign").await, "0 false");
    assert_eq!(says(&bot, 1, "/newer").await, "7 false");
    assert_eq!(says(&bot, 1, "/foreign write").await, "1 false");
    assert_eq!(bot.session::<Vec<u8>>(chat(1), "router"), Some(vec![1]));
}
