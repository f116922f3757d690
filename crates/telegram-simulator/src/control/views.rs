//! What the control API shows.

use serde_json::{Value, json};

use crate::control::handle::Control;
use crate::ids::{BotId, ChatId};
use crate::records::{CallRecord, UpdateRecord};

impl Control {
    /// Every bot with its token, its webhook and what waits.
    pub(crate) fn show_bots(&self) -> Value {
        let ids: Vec<BotId> = self.shared.look().bots.keys().copied().collect();
        ids.into_iter().map(|id| self.show_bot(id)).collect()
    }

    fn show_bot(&self, id: BotId) -> Value {
        let webhook = self.webhook_info(id).unwrap_or_default();
        let world = self.shared.look();
        let Some(bot) = world.bots.get(&id) else {
            return Value::Null;
        };
        json!({
            "id": id,
            "name": bot.name,
            "username": bot.username,
            "test": bot.test,
            "token": bot.token.expose(),
            "standing": bot.standing,
            "webhook": webhook,
            "has_secret": bot.webhook.as_ref().is_some_and(|webhook| !webhook.secret.is_empty()),
        })
    }

    /// Everything in short.
    pub(crate) fn show_state(&self) -> Value {
        let bots = self.show_bots();
        let world = self.shared.look();
        let resolve: serde_json::Map<String, Value> = world
            .resolve
            .hosts()
            .map(|(host, resolution)| (host.clone(), json!(resolution)))
            .collect();
        let chats: Vec<Value> = world
            .dialogs
            .iter()
            .map(|((bot, id), dialog)| {
                json!({"bot": bot, "id": id, "chat": dialog.chat, "access": dialog.access})
            })
            .collect();
        json!({"bots": bots, "resolve": resolve, "chats": chats, "now_us": crate::ledger::us(world.clock.elapsed())})
    }

    /// A chat and its messages.
    pub(crate) fn show_chat(&self, bot: BotId, chat: ChatId) -> Option<Value> {
        let world = self.shared.look();
        let dialog = world.dialogs.get(&(bot, chat))?;
        let messages: Vec<&Value> = dialog.messages().collect();
        Some(json!({"chat": dialog.chat, "access": dialog.access, "messages": messages}))
    }

    /// A bot's updates, and the messages it sent.
    pub(crate) fn show_ledger(&self, bot: BotId) -> Value {
        let world = self.shared.look();
        let updates: Vec<_> = world.ledger.updates(bot).collect();
        let messages: Vec<Value> = world
            .ledger
            .calls(bot)
            .filter(|call| call.method.eq_ignore_ascii_case("sendMessage"))
            .map(show_message)
            .collect();
        json!({"updates": updates, "messages": messages})
    }
}

impl Control {
    /// What a bot's updates come to.
    pub(crate) fn show_summary(&self, bot: BotId) -> Value {
        let world = self.shared.look();
        let ledger = &world.ledger;
        let count = |is: fn(&UpdateRecord) -> bool| ledger.updates(bot).filter(|it| is(it)).count();
        json!({
            "made": count(|_| true),
            "acknowledged": count(|it| it.acknowledged_us.is_some()),
            "dropped": count(|it| it.dropped_us.is_some()),
            "sent_again": count(|it| it.attempts > 1),
            "longest_gap": ledger.longest_gap(bot),
            "lanes": ledger.lanes(bot).len(),
            "out_of_order": ledger.out_of_order(bot),
        })
    }
}

fn show_message(call: &CallRecord) -> Value {
    json!({
        "chat": call.parameters.get("chat_id").and_then(|chat| chat.parse::<i64>().ok()),
        "text": call.parameters.get("text"),
        "at_us": call.at_us,
        "answered_us": call.answered_us,
        "status": call.status,
    })
}
