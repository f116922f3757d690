//! Updates of the usual kinds, as Telegram would send them. What is not said is made up: user 42, Ann, in her private chat.
//!
//! Anything else is JSON: [`super::TestBot::send`] takes that too.

use serde_json::{Map, Value, json};

/// An update in the making. [`Value::from`] ends it, which everything that takes an update does by itself.
#[derive(Clone, Debug)]
pub struct TestUpdate {
    kind: Kind,
    user: (i64, String),
    chat: Option<Value>,
    fields: Map<String, Value>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    CallbackQuery,
    ChatJoinRequest,
    Message,
    PreCheckoutQuery,
}

/// A message with this text; a command where it begins with a slash.
#[must_use]
pub fn text(text: &str) -> TestUpdate {
    message("text", json!(text))
}

/// A message that holds something else: `message("photo", json!([…]))`.
#[must_use]
pub fn message(field: &str, content: impl Into<Value>) -> TestUpdate {
    TestUpdate::new(Kind::Message).with(field, content)
}

/// A tap on a button with these data.
#[must_use]
pub fn tap(data: &str) -> TestUpdate {
    TestUpdate::new(Kind::CallbackQuery).with("data", data)
}

/// The service message of a group that somebody came, who is its sender too.
#[must_use]
pub fn new_member(id: i64, name: &str) -> TestUpdate {
    let users = json!([user(id, name)]);
    message("new_chat_members", users)
        .from(id, name)
        .in_group(-100, "Group")
}

/// A request to join a chat.
#[must_use]
pub fn join_request() -> TestUpdate {
    TestUpdate::new(Kind::ChatJoinRequest).in_group(-100, "Group")
}

/// The question before a payment, for this payload and so many of the smallest units of a currency.
#[must_use]
pub fn pre_checkout(payload: &str, currency: &str, amount: i64) -> TestUpdate {
    TestUpdate::new(Kind::PreCheckoutQuery)
        .with("invoice_payload", payload)
        .with("currency", currency)
        .with("total_amount", amount)
}

/// The message that a payment was made.
#[must_use]
pub fn payment(payload: &str, currency: &str, amount: i64) -> TestUpdate {
    let payment = json!({
        "invoice_payload": payload, "currency": currency, "total_amount": amount,
        "telegram_payment_charge_id": "t1", "provider_payment_charge_id": "p1",
    });
    message("successful_payment", payment)
}

impl TestUpdate {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            user: (42, "Ann".to_owned()),
            chat: None,
            fields: Map::new(),
        }
    }

    /// Who causes it. It comes in their private chat unless another is named.
    #[must_use]
    pub fn from(mut self, id: i64, name: &str) -> Self {
        self.user = (id, name.to_owned());
        self
    }

    /// The group that it comes from; the number of a group is negative.
    #[must_use]
    pub fn in_group(mut self, id: i64, title: &str) -> Self {
        self.chat = Some(json!({"id": id, "type": "supergroup", "title": title}));
        self
    }

    /// Sets another field of what the update holds: `.with("caption", "A cat")`.
    #[must_use]
    pub fn with(mut self, field: &str, content: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), content.into());
        self
    }

    fn chat(&self) -> Value {
        let (id, name) = (self.user.0, &self.user.1);
        let private = || json!({"id": id, "type": "private", "first_name": name});
        self.chat.clone().unwrap_or_else(private)
    }

    fn frame(&self) -> (&'static str, Value) {
        let chat = self.chat();
        match self.kind {
            Kind::CallbackQuery => (
                "callback_query",
                json!({"id": "77", "chat_instance": "1", "message": {
                    "message_id": 5, "date": DATE, "chat": chat,
                }}),
            ),
            Kind::ChatJoinRequest => (
                "chat_join_request",
                json!({"date": DATE, "chat": chat, "user_chat_id": self.user.0}),
            ),
            Kind::Message => (
                "message",
                json!({"message_id": 5, "date": DATE, "chat": chat}),
            ),
            Kind::PreCheckoutQuery => ("pre_checkout_query", json!({"id": "78"})),
        }
    }
}

impl From<TestUpdate> for Value {
    fn from(update: TestUpdate) -> Self {
        let (kind, mut content) = update.frame();
        content["from"] = user(update.user.0, &update.user.1);
        for (field, value) in update.fields {
            content[field] = value;
        }
        json!({"update_id": 1, kind: content})
    }
}

fn user(id: i64, name: &str) -> Value {
    json!({"id": id, "is_bot": false, "first_name": name})
}

/// When everything happens, in seconds since 1970.
const DATE: i64 = 1_764_000_000;
