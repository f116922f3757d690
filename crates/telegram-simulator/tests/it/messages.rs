//! Messages, chats that refuse, buttons, requests to join.

use std::time::Duration;

use serde_json::{Value, json};
use telegram_simulator::{Access, ChatId, UserId};

use crate::harness::{CHAT, Telegram};

#[tokio::test]
async fn a_message_is_checked_and_numbered_by_chat() {
    let telegram = Telegram::start().await;
    let long = "x".repeat(4_097);
    for (parameters, text) in [
        (json!({"chat_id": CHAT}), "message text is empty"),
        (
            json!({"chat_id": CHAT, "text": " \n"}),
            "message text is empty",
        ),
        (
            json!({"chat_id": CHAT, "text": long}),
            "message is too long",
        ),
        (json!({"text": "x"}), "chat_id is empty"),
        (json!({"chat_id": CHAT, "text": "x"}), "chat not found"),
        (json!({"chat_id": "@nobody", "text": "x"}), "chat not found"),
    ] {
        let answer = telegram.call("sendMessage", parameters).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.description(), format!("Bad Request: {text}"));
    }
    telegram.says("/start deep");
    for number in [2, 3] {
        let answer = telegram
            .call("sendMessage", json!({"chat_id": CHAT, "text": "héllo"}))
            .await;
        assert_eq!(answer.result()["message_id"], number);
        assert_eq!(answer.result()["text"], "héllo");
        assert_eq!(answer.result()["from"]["is_bot"], true);
    }
}

#[tokio::test]
async fn a_chat_refuses_with_its_own_text() {
    let telegram = Telegram::start().await;
    let group = ChatId(-1_000_000_000_077);
    let send = |chat: ChatId| telegram.call("sendMessage", json!({"chat_id": chat, "text": "x"}));
    let set = |chat, access| {
        telegram
            .control
            .set_access(telegram.bot, chat, access)
            .unwrap();
    };
    for (chat, access, text) in [
        (
            CHAT,
            Access::NotStarted,
            "bot can't initiate conversation with a user",
        ),
        (CHAT, Access::Blocked, "bot was blocked by the user"),
        (CHAT, Access::Deactivated, "user is deactivated"),
        (
            group,
            Access::Kicked,
            "bot was kicked from the supergroup chat",
        ),
        (
            group,
            Access::NotMember,
            "bot is not a member of the supergroup chat",
        ),
        (group, Access::Deleted, "the group chat was deleted"),
    ] {
        set(chat, access);
        let answer = send(chat).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.description(), format!("Forbidden: {text}"));
    }
    set(group, Access::Migrated(ChatId(-100_500)));
    let answer = send(group).await;
    assert_eq!(
        answer.description(),
        "Bad Request: group chat was upgraded to a supergroup chat"
    );
    assert_eq!(
        answer.body["parameters"],
        json!({"migrate_to_chat_id": -100_500})
    );
    set(CHAT, Access::Open);
    assert_eq!(send(CHAT).await.status, 200);
}

#[tokio::test]
async fn a_tap_is_answered_in_time_or_not_at_all() {
    let telegram = Telegram::start().await;
    telegram.says("hello");
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    let message = json!({"chat_id": CHAT, "text": "Sure?", "reply_markup": keyboard});
    let sent = telegram.call("sendMessage", message).await;
    assert_eq!(sent.result()["reply_markup"], keyboard);
    let user = UserId(CHAT.0);
    let tap = |data| telegram.control.user_taps(telegram.bot, CHAT, user, data);
    tap("yes").unwrap().unwrap();
    assert!(tap("no").is_err());
    let updates = telegram.call("getUpdates", json!({})).await;
    let query = &updates.result()[1]["callback_query"];
    assert_eq!(query["data"], "yes");
    assert_eq!(query["message"]["message_id"], sent.result()["message_id"]);
    let answer = json!({"callback_query_id": query["id"], "text": "ok"});
    let done = telegram.call("answerCallbackQuery", answer.clone()).await;
    assert_eq!(done.status, 200);
    let id = query["id"].as_str().unwrap();
    assert_eq!(telegram.control.query_answer(id).unwrap()["text"], "ok");
    telegram.hands.advance(Duration::from_secs(151));
    let late = telegram.call("answerCallbackQuery", answer).await;
    assert_eq!(
        late.description(),
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    );
}

#[tokio::test]
async fn an_edit_changes_something_that_is_there_and_its_own() {
    let telegram = Telegram::start().await;
    telegram.says("hello");
    let sent = telegram
        .call("sendMessage", json!({"chat_id": CHAT, "text": "one"}))
        .await;
    let id = sent.result()["message_id"].clone();
    let edit = |id: Value, text: &'static str| {
        let parameters = json!({"chat_id": CHAT, "message_id": id, "text": text});
        telegram.call("editMessageText", parameters)
    };
    assert_eq!(edit(id.clone(), "two").await.result()["text"], "two");
    assert!(
        edit(id.clone(), "two")
            .await
            .description()
            .starts_with("Bad Request: message is not modified")
    );
    assert_eq!(
        edit(json!(1), "two").await.description(),
        "Bad Request: message can't be edited"
    );
    assert_eq!(
        edit(json!(9), "two").await.description(),
        "Bad Request: message to edit not found"
    );
    let delete = json!({"chat_id": CHAT, "message_id": id});
    assert_eq!(
        telegram.call("deleteMessage", delete.clone()).await.status,
        200
    );
    let answer = telegram.call("deleteMessage", delete).await;
    assert_eq!(
        answer.description(),
        "Bad Request: message to delete not found"
    );
}

#[tokio::test]
async fn joining_makes_a_message_and_for_those_who_asked_a_member_update() {
    let telegram = Telegram::start().await;
    let group = ChatId(-1_000_000_000_078);
    let join = |user| {
        telegram
            .control
            .member_joins(telegram.bot, group, user)
            .unwrap()
    };
    let [message, member] = join(UserId(31));
    assert!(
        message.is_some() && member.is_none(),
        "not in the default set"
    );
    let kinds = json!({"allowed_updates": ["message", "chat_member", "chat_join_request"]});
    telegram.call("getUpdates", kinds).await;
    let [message, member] = join(UserId(32));
    assert_eq!(member.unwrap(), message.unwrap() + 1);
    telegram
        .control
        .asks_to_join(telegram.bot, group, UserId(33))
        .unwrap();
    let approve = json!({"chat_id": group, "user_id": 33});
    assert_eq!(
        telegram
            .call("approveChatJoinRequest", approve.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        telegram
            .call("declineChatJoinRequest", approve)
            .await
            .status,
        400
    );
    let updates = telegram.call("getUpdates", json!({})).await;
    let kinds: Vec<&str> = updates
        .result()
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|update| update.as_object().unwrap().keys())
        .map(String::as_str)
        .filter(|key| *key != "update_id")
        .collect();
    assert_eq!(
        kinds,
        [
            "message",
            "message",
            "chat_member",
            "chat_join_request",
            "chat_member"
        ]
    );
    let member = telegram
        .call("getChatMember", json!({"chat_id": group, "user_id": 33}))
        .await;
    assert_eq!(member.result()["status"], "member");
}

#[tokio::test]
async fn commands_are_kept_by_language() {
    let telegram = Telegram::start().await;
    let commands = json!([{"command": "start", "description": "Begin"}]);
    let set = json!({"commands": commands, "language_code": "de"});
    telegram.call("setMyCommands", set).await;
    let german = telegram
        .call("getMyCommands", json!({"language_code": "de"}))
        .await;
    assert_eq!(*german.result(), commands);
    let others = telegram.call("getMyCommands", json!({})).await;
    assert_eq!(*others.result(), json!([]));
}
