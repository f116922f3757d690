//! What Telegram's server keeps by kind of update: which queue it joins and how long it lives. Facts of the open-source server,
//! Bot API 10.0; the tags of `subscription` and `stopped_message_generation`, which are newer, are a guess.

use serde_json::Value;

use crate::json;

/// What is known of one kind of update.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Where in the content the queue's key is.
    key: &'static str,
    tag: i64,
    pub(crate) kept_seconds: i64,
    /// Where in the content the life begins; empty for the moment of creation.
    born: &'static str,
}

/// A queue of one bot: within it the next update is sent only when the one before is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct QueueId(pub(crate) i64);

/// The kinds that a bot gets only when it asks for them by name.
const NOT_IN_DEFAULT: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

pub(crate) const DAY: i64 = 86_400;

/// The tag of kinds that are not known here.
const UNKNOWN_TAG: i64 = 20;

/// In the order of the Bot API's `Update`.
pub(crate) static KINDS: [Kind; 27] = [
    kind("message", "chat.id", 0, DAY, "date"),
    kind("edited_message", "chat.id", 0, DAY, "edit_date"),
    kind("channel_post", "chat.id", 0, DAY, "date"),
    kind("edited_channel_post", "chat.id", 0, DAY, "edit_date"),
    kind("business_connection", "user.id", 10, DAY, ""),
    kind("business_message", "chat.id", 11, DAY, "date"),
    kind("edited_business_message", "chat.id", 11, DAY, "edit_date"),
    kind("deleted_business_messages", "chat.id", 11, DAY, ""),
    kind("guest_message", "chat.id", 12, DAY, "date"),
    kind("message_reaction", "chat.id", 8, DAY, "date"),
    kind("message_reaction_count", "chat.id", 9, DAY, "date"),
    kind("inline_query", "from.id", 1, 30, ""),
    kind("chosen_inline_result", "from.id", 2, 600, ""),
    kind("callback_query", "from.id", 3, 150, ""),
    kind("shipping_query", "from.id", 4, 150, ""),
    kind("pre_checkout_query", "from.id", 4, 150, ""),
    kind("purchased_paid_media", "from.id", 12, DAY, ""),
    kind("poll", "id", 0, DAY, ""),
    kind("poll_answer", "poll_id", 0, DAY, ""),
    kind("my_chat_member", "chat.id", 5, DAY, "date"),
    kind("chat_member", "new_chat_member.user.id", 6, DAY, "date"),
    kind("chat_join_request", "from.id", 6, DAY, "date"),
    kind("chat_boost", "chat.id", 7, DAY, "boost.add_date"),
    kind("removed_chat_boost", "chat.id", 7, DAY, "remove_date"),
    kind("managed_bot", "user.id", 13, DAY, ""),
    kind("subscription", "user.id", 14, DAY, ""),
    kind("stopped_message_generation", "chat.id", 15, DAY, ""),
];

const fn kind(
    name: &'static str,
    key: &'static str,
    tag: i64,
    kept_seconds: i64,
    born: &'static str,
) -> Kind {
    Kind {
        name,
        key,
        tag,
        kept_seconds,
        born,
    }
}

impl Kind {
    /// The kind of a name, whatever its case.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        KINDS
            .iter()
            .find(|kind| kind.name.eq_ignore_ascii_case(name))
    }

    /// Whether a name can be that of a kind which Telegram adds tomorrow.
    pub(crate) fn may_come(name: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !name.is_empty() && name.bytes().all(allowed)
    }

    pub(crate) fn in_default(&self) -> bool {
        !NOT_IN_DEFAULT.contains(&self.name)
    }

    /// Key value and tag in one number, as the server makes it.
    pub(crate) fn queue(&self, content: &Value) -> Option<QueueId> {
        let key = json::at(content, self.key)?;
        // A poll's id is a number written as a string.
        let key = key.as_i64().or_else(|| key.as_str()?.parse().ok())?;
        Some(QueueId(key.wrapping_add(self.tag << 33)))
    }

    /// The second, counted from 1970, at which the update's life begins.
    pub(crate) fn born(&self, content: &Value, now: i64) -> i64 {
        json::at(content, self.born)
            .and_then(Value::as_i64)
            .unwrap_or(now)
    }
}

/// The queue of an update whose kind is not known here: one for each chat, else for each user, else for all.
pub(crate) fn queue_of_unknown(content: &Value) -> QueueId {
    let user = || {
        ["from.id", "user.id"]
            .iter()
            .find_map(|path| json::at(content, path)?.as_i64())
    };
    let key = chat(content).or_else(user).unwrap_or(0);
    QueueId(key.wrapping_add(UNKNOWN_TAG << 33))
}

/// The chat an update names, for the ledger.
pub(crate) fn chat(content: &Value) -> Option<i64> {
    ["chat.id", "message.chat.id", "user_chat_id"]
        .iter()
        .find_map(|path| json::at(content, path)?.as_i64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_and_a_tap_of_one_user_are_in_different_queues() {
        let message = json!({"chat": {"id": 5}, "date": 100});
        let tap = json!({"from": {"id": 5}});
        let kind = |name| Kind::find(name).unwrap();
        assert_eq!(kind("message").queue(&message), Some(QueueId(5)));
        assert_eq!(
            kind("Callback_Query").queue(&tap),
            Some(QueueId(5 + (3 << 33)))
        );
        assert_eq!(kind("message").born(&message, 900), 100);
        assert_eq!(kind("callback_query").born(&tap, 900), 900);
    }
}
