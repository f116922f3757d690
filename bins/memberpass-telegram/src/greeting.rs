//! What a bot answers when its project has told it nothing yet, so that it answers from its first second.

use telegram_bot_api::UpdateContent;
use telegram_bot_api::UpdateKind;
use telegram_bot_api::methods::{
    AnswerCallbackQuery, AnswerPreCheckoutQuery, AnswerShippingQuery, SendMessage,
};
use update_dispatcher::router::{Callback, Chat, NewMembers, NewMessage};
use update_dispatcher::{Incoming, Router};

/// The last stage: it greets, and answers politely what nobody else has answered.
pub(crate) fn router() -> Router {
    Router::new()
        .named("greeting")
        .on_command("start", start)
        .on_new_members(welcome)
        .on_callback("", dead_button)
        .on_kind(UpdateKind::PreCheckoutQuery, no_sale)
        .on_kind(UpdateKind::ShippingQuery, no_delivery)
}

async fn start(Chat(chat): Chat, message: NewMessage) -> SendMessage {
    let name = message
        .from
        .as_ref()
        .map_or("there", |user| user.first_name.as_str());
    SendMessage::new(
        chat,
        format!("Hello, {name}! This bot is connected and will soon have more to say."),
    )
}

async fn welcome(Chat(chat): Chat, new: NewMembers) -> Option<SendMessage> {
    let people: Vec<&str> = new
        .users()
        .iter()
        .filter(|user| !user.is_bot)
        .map(|user| user.first_name.as_str())
        .collect();
    (!people.is_empty()).then(|| SendMessage::new(chat, format!("Welcome, {}!", people.join(", "))))
}

async fn dead_button(tap: Callback) -> AnswerCallbackQuery {
    AnswerCallbackQuery::new(tap.id.clone()).text("This button does nothing any more.")
}

/// Somebody waits before a payment form, for ten seconds at most.
async fn no_sale(incoming: Incoming) -> Option<AnswerPreCheckoutQuery> {
    let UpdateContent::PreCheckoutQuery(question) = &incoming.update.content else {
        return None;
    };
    Some(AnswerPreCheckoutQuery::new(question.id.clone(), false).error_message(NO_SALE))
}

async fn no_delivery(incoming: Incoming) -> Option<AnswerShippingQuery> {
    let UpdateContent::ShippingQuery(question) = &incoming.update.content else {
        return None;
    };
    Some(AnswerShippingQuery::new(question.id.clone(), false).error_message(NO_SALE))
}

const NO_SALE: &str = "Nothing can be bought here at the moment. You have not been charged.";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use update_dispatcher::testing;

    use super::*;

    async fn answers(kind: &str, content: Value) -> Vec<(String, Value)> {
        let update = json!({"update_id": 1, kind: content});
        let calls = testing::drive(&router(), update).await.unwrap();
        calls
            .iter()
            .map(|call| {
                (
                    call.method().to_owned(),
                    Value::Object(call.params().clone()),
                )
            })
            .collect()
    }

    fn user(name: &str, is_bot: bool) -> Value {
        json!({"id": 7, "is_bot": is_bot, "first_name": name})
    }

    fn message(with: &str, content: Value) -> Value {
        json!({"message_id": 5, "date": 1_764_000_000, "chat": {"id": 42, "type": "private"},
               "from": user("Ann", false), with: content})
    }

    #[tokio::test]
    async fn a_start_is_greeted_by_name_and_other_text_is_left_alone() {
        let told = answers("message", message("text", json!("/start ABCD-1234"))).await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].0.as_str(), &told[0].1["chat_id"]),
            ("sendMessage", &json!(42))
        );
        assert!(
            told[0].1["text"]
                .as_str()
                .unwrap()
                .starts_with("Hello, Ann!")
        );
        assert_eq!(answers("message", message("text", json!("hi"))).await, []);
    }

    #[tokio::test]
    async fn new_members_are_welcomed_together_and_bots_are_not() {
        let new = json!([user("Bo", false), user("Cy", false), user("Robo", true)]);
        let told = answers("message", message("new_chat_members", new)).await;
        assert_eq!(told[0].1["text"], "Welcome, Bo, Cy!");
        let only_bot = message("new_chat_members", json!([user("Robo", true)]));
        assert_eq!(answers("message", only_bot).await, []);
    }

    #[tokio::test]
    async fn taps_and_payment_questions_get_an_answer_that_ends_the_waiting() {
        let tap =
            json!({"id": "77", "from": user("Ann", false), "chat_instance": "1", "data": "x"});
        assert_eq!(
            answers("callback_query", tap).await[0].0,
            "answerCallbackQuery"
        );
        let pay = json!({"id": "78", "from": user("Ann", false), "currency": "XTR",
                         "total_amount": 1, "invoice_payload": "p"});
        let told = answers("pre_checkout_query", pay).await;
        assert_eq!(
            (told[0].0.as_str(), &told[0].1["ok"]),
            ("answerPreCheckoutQuery", &json!(false))
        );
    }
}
