//! Updates as Telegram sends them, read in full.

use serde_json::Value;
use telegram_bot_api::types::{ChatMember, ChatType, MaybeInaccessibleMessage, MessageEntityType};
use telegram_bot_api::{ChatId, Envelope, MessageThreadId, Update, UpdateContent, UserId};

const SAMPLES: [&str; 5] = [
    include_str!("payloads/1_private_text.json"),
    include_str!("payloads/2_callback_query.json"),
    include_str!("payloads/3_chat_member.json"),
    include_str!("payloads/4_group_entities_reply.json"),
    include_str!("payloads/5_new_chat_members.json"),
];

fn sample(number: usize) -> UpdateContent {
    let update: Update = serde_json::from_str(SAMPLES[number - 1]).unwrap();
    update.content
}

/// What is in `found` is in `before`, and what is missing is a field that the Bot API does not document.
fn loses_only(undocumented: &[&str], before: &Value, found: &Value) {
    match (before, found) {
        (Value::Object(before), Value::Object(found)) => {
            assert!(found.keys().all(|key| before.contains_key(key)));
            for (key, value) in before {
                match found.get(key) {
                    Some(found) => loses_only(undocumented, value, found),
                    None => assert!(undocumented.contains(&key.as_str()), "{key} is lost"),
                }
            }
        }
        (Value::Array(before), Value::Array(found)) => {
            assert_eq!(before.len(), found.len());
            before
                .iter()
                .zip(found)
                .for_each(|(b, f)| loses_only(undocumented, b, f));
        }
        _ => assert_eq!(before, found),
    }
}

#[test]
fn nothing_known_is_lost() {
    for text in SAMPLES {
        let update: Update = serde_json::from_str(text).unwrap();
        let written = serde_json::to_string(&update).unwrap();
        assert_eq!(serde_json::from_str::<Update>(&written).unwrap(), update);
        let [before, found] = [text, &written].map(|text| serde_json::from_str(text).unwrap());
        loses_only(
            &["new_chat_participant", "new_chat_member"],
            &before,
            &found,
        );
        let envelope = Envelope::read(text.as_bytes()).unwrap();
        assert_eq!(
            (envelope.chat, envelope.user),
            (update.chat(), update.user())
        );
    }
}

#[test]
fn a_text_message() {
    let UpdateContent::Message(message) = sample(1) else {
        panic!()
    };
    assert_eq!(message.chat.r#type, ChatType::Private);
    assert_eq!(message.from.as_ref().unwrap().first_name, "Marina");
    assert!(message.text.as_ref().unwrap().ends_with('\u{1f64f}'));
}

#[test]
fn the_press_of_a_button() {
    let UpdateContent::CallbackQuery(query) = sample(2) else {
        panic!()
    };
    assert_eq!(query.data.as_deref(), Some("order:confirm:u100000001:1"));
    let Some(MaybeInaccessibleMessage::Message(message)) = query.message.as_deref() else {
        panic!()
    };
    let keyboard = message.reply_markup.as_ref().unwrap();
    assert_eq!(keyboard.inline_keyboard[2][1].text, "Help");
}

#[test]
fn a_member_joins() {
    let UpdateContent::ChatMember(change) = sample(3) else {
        panic!()
    };
    assert!(matches!(change.old_chat_member, ChatMember::Left(_)));
    let ChatMember::Member(member) = &change.new_chat_member else {
        panic!()
    };
    assert_eq!(member.user.id, UserId(6_200_000_999));
}

#[test]
fn entities_and_a_reply_in_a_topic() {
    let UpdateContent::Message(message) = sample(4) else {
        panic!()
    };
    assert_eq!(message.message_thread_id, Some(MessageThreadId(17)));
    assert_eq!(
        message.reply_to_message.as_ref().unwrap().chat.id,
        ChatId(-1_007_700_000_001)
    );
    let entities = message.entities.as_ref().unwrap();
    assert_eq!(entities[4].r#type, MessageEntityType::Pre);
    assert_eq!(entities[4].language.as_deref(), Some("sh"));
}

#[test]
fn a_message_that_is_gone() {
    let text = r#"{"update_id":1,"callback_query":{"id":"1","chat_instance":"2",
        "from":{"id":3,"is_bot":false,"first_name":"A"},
        "message":{"chat":{"id":-4,"type":"group"},"message_id":5,"date":0}}}"#;
    let update: Update = serde_json::from_str(text).unwrap();
    assert_eq!(
        (update.chat(), update.user()),
        (Some(ChatId(-4)), Some(UserId(3)))
    );
    let UpdateContent::CallbackQuery(query) = update.content else {
        panic!()
    };
    assert!(matches!(
        query.message.as_deref(),
        Some(MaybeInaccessibleMessage::InaccessibleMessage(_))
    ));
}

#[test]
fn an_update_needs_a_number_and_content() {
    for text in ["{}", r#"{"update_id":1}"#, r#"{"message":{}}"#, "[]", "1"] {
        assert!(serde_json::from_str::<Update>(text).is_err(), "{text}");
    }
}
