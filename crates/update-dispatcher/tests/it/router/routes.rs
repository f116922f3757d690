//! What routes there are, how they are put together, and the updates of the test kit.

use serde_json::{Value, json};
use telegram_bot_api::{Update, UpdateContent, UpdateKind};
use update_dispatcher::router::{
    Args, Author, Chat, DeepLink, FromIncoming, Inline, Payment, PreCheckout, Rejection, Request,
    Sender, Shipping, State,
};
use update_dispatcher::testing::updates::{
    TestUpdate, join_request, message, new_member, payment, pre_checkout, tap, text,
};
use update_dispatcher::testing::{TestBot, drive};
use update_dispatcher::{Flow, Router};

use super::said;

async fn answers(bot: &TestBot, update: impl Into<Value>) -> String {
    bot.send(update).await.unwrap().methods().join(" ")
}

#[tokio::test]
async fn what_stands_behind_a_match_is_read_as_what_the_handler_wants() {
    let router = Router::new()
        .on_callback("order:", async |Args(id): Args<u64>| {
            said(format!("order {id}"))
        })
        .on_callback("order:", async |Args(word): Args<String>| {
            said(format!("word {word}"))
        })
        .on_link("ref_", async |Args(code): Args<String>| {
            said(format!("ref {code}"))
        })
        .on_link("", async |DeepLink(payload): DeepLink| {
            said(format!("link {payload}"))
        })
        .on_command("start", async |link: Option<DeepLink>| {
            said(format!("start {}", link.is_some()))
        })
        .on_command("pay", async |Args(sum): Args<f64>| {
            said(format!("pay {sum}"))
        })
        .on_text(async |rest: Option<Args<String>>| said(format!("text {}", rest.is_some())));
    let bot = TestBot::new(router);
    assert_eq!(answers(&bot, tap("order:42")).await, "order 42");
    assert_eq!(answers(&bot, tap("order:x")).await, "word x");
    assert_eq!(answers(&bot, text("/start ref_Ab1")).await, "ref Ab1");
    assert_eq!(
        answers(&bot, text("/start ABCD-1234")).await,
        "link ABCD-1234"
    );
    assert_eq!(answers(&bot, text("/start")).await, "start false");
    assert_eq!(answers(&bot, text("/pay 2.5")).await, "pay 2.5");
    assert_eq!(answers(&bot, text("/pay a lot")).await, "");
    assert_eq!(answers(&bot, text("hi")).await, "text false");
}

#[tokio::test]
async fn texts_are_matched_as_a_keyboard_sends_them_or_by_a_function() {
    let router = Router::new()
        .on_text_matching("My orders", async || said("orders"))
        .on_text_matching(["yes", "ja"], async || said("yes"))
        .on_text_matching(|text: &str| text.ends_with('?'), async || said("question"))
        .on_message_where(|message| message.photo.is_some(), async || said("photo"));
    let bot = TestBot::new(router);
    assert_eq!(answers(&bot, text(" my ORDERS ")).await, "orders");
    assert_eq!(answers(&bot, text("Ja")).await, "yes");
    assert_eq!(answers(&bot, text("Why?")).await, "question");
    assert_eq!(
        answers(&bot, text("/why now?")).await,
        "",
        "a command is no text"
    );
    assert_eq!(answers(&bot, text("my orders, please")).await, "");
    let photo = json!([{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]);
    assert_eq!(answers(&bot, message("photo", photo)).await, "photo");
}

#[tokio::test]
async fn routers_are_put_together_and_keep_what_restricts_them() {
    let private = |request: &Request| {
        request
            .incoming
            .update
            .chat()
            .is_some_and(|chat| chat.value() > 0)
    };
    let shop = Router::new()
        .on_command("buy", async |State(name): State<&'static str>| {
            said(format!("buy {name}"))
        })
        .on_text(async || said("shop"))
        .only_if(private);
    let router = Router::new()
        .on_command("help", async || said("help"))
        .merge(shop)
        .fallback(async || (said("fallback"), Flow::Continue))
        .merge(
            Router::new()
                .on_callback("", async || ())
                .fallback(async || said("never")),
        )
        .with_state("bread");
    let kinds = router.allowed_updates();
    assert_eq!(kinds, [UpdateKind::Message, UpdateKind::CallbackQuery]);
    let bot =
        TestBot::new(router).and_then(Router::new().named("last").fallback(async || said("last")));
    assert_eq!(answers(&bot, text("/help")).await, "help");
    assert_eq!(answers(&bot, text("/buy")).await, "buy bread");
    assert_eq!(answers(&bot, text("hi")).await, "shop");
    let in_group = text("/buy").in_group(-5, "G");
    assert_eq!(answers(&bot, in_group).await, "fallback last");
}

/// Somebody who may do everything; others are told that they may not.
struct Admin(i64);

impl<S: Sync> FromIncoming<S> for Admin {
    async fn from_incoming(request: &Request, state: &S) -> Result<Self, Rejection> {
        let Sender(user) = Sender::from_incoming(request, state).await?;
        let Chat(chat) = Chat::from_incoming(request, state).await?;
        match user.value() {
            1 => Ok(Self(1)),
            2 => Err("x".parse::<u8>().unwrap_err().into()),
            _ => Err(Rejection::answer(said(format!("forbidden in {chat}")))),
        }
    }
}

#[tokio::test]
async fn an_argument_that_is_refused_may_answer_itself() {
    let router = Router::new()
        .on_command("ban", async |admin: Admin| {
            said(format!("banned by {}", admin.0))
        })
        .fallback(async || said("never"));
    let bot = TestBot::new(router);
    assert_eq!(
        answers(&bot, text("/ban").from(1, "Root")).await,
        "banned by 1"
    );
    assert_eq!(
        answers(&bot, text("/ban").from(3, "Bo")).await,
        "forbidden in 3"
    );
    let failed = bot.send(text("/ban").from(2, "Cy")).await.unwrap_err();
    assert_eq!(failed.reason, "invalid digit found in string");
}

#[tokio::test]
async fn every_usual_update_finds_its_route_and_its_author() {
    let router = Router::new()
        .on_pre_checkout(async |question: PreCheckout, who: Author| {
            said(format!(
                "{} {} {}",
                who.first_name, question.total_amount, question.invoice_payload
            ))
        })
        .on_shipping(async |question: Shipping| said(question.invoice_payload.clone()))
        .on_payment(async |paid: Payment| said(format!("paid {}", paid.total_amount)))
        .on_inline_query(async |query: Inline| said(query.query.clone()))
        .on_join_request(async |who: Author| said(format!("{} asks", who.first_name)))
        .on_new_members(async |who: Author| said(format!("{} came", who.first_name)))
        .on_callback("", async |who: Author| {
            said(format!("{} taps", who.first_name))
        });
    let bot = TestBot::new(router);
    assert_eq!(
        answers(&bot, pre_checkout("p1", "XTR", 50)).await,
        "Ann 50 p1"
    );
    assert_eq!(answers(&bot, payment("p1", "XTR", 50)).await, "paid 50");
    assert_eq!(answers(&bot, join_request().from(7, "Bo")).await, "Bo asks");
    assert_eq!(answers(&bot, new_member(8, "Cy")).await, "Cy came");
    assert_eq!(answers(&bot, tap("x").from(9, "Di")).await, "Di taps");
    let from = json!({"id": 42, "is_bot": false, "first_name": "Ann"});
    let inline = json!({"update_id": 1, "inline_query": {"id": "1", "from": from, "query": "cats", "offset": ""}});
    assert_eq!(answers(&bot, inline).await, "cats");
    let address = json!({"country_code": "DE", "state": "", "city": "B", "street_line1": "", "street_line2": "", "post_code": "1"});
    let shipping = json!({"update_id": 1, "shipping_query": {
        "id": "1", "from": from, "invoice_payload": "p2", "shipping_address": address,
    }});
    assert_eq!(answers(&bot, shipping).await, "p2");
}

#[tokio::test]
async fn what_the_test_kit_makes_is_what_telegram_sends() {
    let all: [TestUpdate; 7] = [
        text("hi"),
        message("caption", "x"),
        tap("x"),
        new_member(1, "Bo"),
        join_request(),
        pre_checkout("p", "EUR", 100),
        payment("p", "EUR", 100),
    ];
    for made in all {
        let json = Value::from(made.clone());
        let update: Update = serde_json::from_value(json).unwrap();
        assert!(
            !matches!(update.content, UpdateContent::Unknown { .. }),
            "{made:?}"
        );
    }
    assert!(
        drive(&Router::new(), json!({"no": "update"}))
            .await
            .is_err()
    );
}
