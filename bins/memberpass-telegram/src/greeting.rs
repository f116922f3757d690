//! What a bot answers when its project has told it nothing yet, so that it answers from its first second.

use telegram_bot_api::methods::{
    AnswerCallbackQuery, AnswerPreCheckoutQuery, AnswerShippingQuery, SendMessage,
};
use telegram_bot_api::types::Message;
use telegram_bot_api::{Call, UpdateContent};
use update_dispatcher::{Incoming, Stage, StageFuture, StageOutcome};

/// The last stage: it greets, and answers politely what nobody else has answered.
pub(crate) struct Greeting;

impl Stage for Greeting {
    fn name(&self) -> &str {
        "greeting"
    }

    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a> {
        let call = match &incoming.update.content {
            UpdateContent::Message(message) => answer(message),
            UpdateContent::CallbackQuery(tap) => Some(
                AnswerCallbackQuery::new(tap.id.clone())
                    .text(DEAD_BUTTON)
                    .into(),
            ),
            UpdateContent::PreCheckoutQuery(question) => Some(
                AnswerPreCheckoutQuery::new(question.id.clone(), false)
                    .error_message(NO_SALE)
                    .into(),
            ),
            UpdateContent::ShippingQuery(question) => Some(
                AnswerShippingQuery::new(question.id.clone(), false)
                    .error_message(NO_SALE)
                    .into(),
            ),
            _ => None,
        };
        Box::pin(async move { Ok(StageOutcome::end(call.into_iter().collect())) })
    }
}

fn answer(message: &Message) -> Option<Call> {
    if let Some(new) = &message.new_chat_members {
        let people: Vec<&str> = new
            .iter()
            .filter(|user| !user.is_bot)
            .map(|user| user.first_name.as_str())
            .collect();
        return (!people.is_empty()).then(|| {
            SendMessage::new(message.chat.id, format!("Welcome, {}!", people.join(", "))).into()
        });
    }
    let text = message.text.as_deref()?;
    let command = text.split_whitespace().next()?;
    let name = message
        .from
        .as_ref()
        .map_or("there", |user| user.first_name.as_str());
    (command == "/start" || command.starts_with("/start@"))
        .then(|| SendMessage::new(message.chat.id, format!("Hello, {name}! {GREETING}")).into())
}

const DEAD_BUTTON: &str = "This button does nothing any more.";
const GREETING: &str = "This bot is connected and will soon have more to say.";
const NO_SALE: &str = "Nothing can be bought here at the moment. You have not been charged.";
