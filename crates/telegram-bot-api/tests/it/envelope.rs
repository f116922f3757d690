//! `Envelope::read`: what it finds, what it refuses, and that it agrees with a full parse.

use proptest::prelude::*;
use serde_json::{Value, json};
use telegram_bot_api::{ChatId, Envelope, EnvelopeFault, UpdateId, UpdateKind, UserId};

fn read(update: &Value) -> Envelope {
    Envelope::read(update.to_string().as_bytes()).unwrap()
}

#[test]
fn real_updates() {
    let samples: [(&str, &str, UpdateKind); 5] = [
        (
            "private text",
            include_str!("payloads/1_private_text.json"),
            UpdateKind::Message,
        ),
        (
            "callback",
            include_str!("payloads/2_callback_query.json"),
            UpdateKind::CallbackQuery,
        ),
        (
            "member",
            include_str!("payloads/3_chat_member.json"),
            UpdateKind::ChatMember,
        ),
        (
            "group",
            include_str!("payloads/4_group_entities_reply.json"),
            UpdateKind::Message,
        ),
        (
            "joined",
            include_str!("payloads/5_new_chat_members.json"),
            UpdateKind::Message,
        ),
    ];
    for (name, text, kind) in samples {
        let envelope = Envelope::read(text.as_bytes()).unwrap();
        let tree: Value = serde_json::from_str(text).unwrap();
        assert_eq!(envelope.kind, kind, "{name}");
        assert_eq!(
            Some(envelope.update_id.value()),
            tree["update_id"].as_i64(),
            "{name}"
        );
        let content = &tree[kind.as_str()];
        let message = if kind == UpdateKind::CallbackQuery {
            &content["message"]
        } else {
            content
        };
        assert_eq!(
            envelope.chat.map(ChatId::value),
            message["chat"]["id"].as_i64(),
            "{name}"
        );
        assert_eq!(
            envelope.user.map(UserId::value),
            content["from"]["id"].as_i64(),
            "{name}"
        );
        assert_eq!(envelope.date, content["date"].as_i64(), "{name}");
    }
}

#[test]
fn a_chat_that_speaks_for_itself_is_no_user() {
    let update = json!({"update_id": 1, "message_reaction": {
        "chat": {"id": -100}, "message_id": 5, "actor_chat": {"id": -200}, "date": 7}});
    let envelope = read(&update);
    assert_eq!((envelope.chat, envelope.user), (Some(ChatId(-100)), None));
}

#[test]
fn an_edit_is_dated_by_the_edit() {
    let update =
        |edited| json!({"update_id": 1, "edited_message": {"date": 7, "edit_date": edited}});
    assert_eq!(read(&update(json!(9))).date, Some(9));
    assert_eq!(read(&update(json!("9"))).date, Some(7));
}

#[test]
fn deep_paths_and_unknown_kinds() {
    let boost = json!({"update_id": 1, "chat_boost": {
        "chat": {"id": -1}, "boost": {"add_date": 3, "source": {"source": "premium", "user": {"id": 4}}}}});
    let envelope = read(&boost);
    assert_eq!(
        (envelope.chat, envelope.user),
        (Some(ChatId(-1)), Some(UserId(4)))
    );
    assert_eq!(envelope.date, Some(3));

    let unknown =
        json!({"update_id": 1, "thought": {"from": {"id": 4}, "message": {"chat": {"id": 5}}}});
    let envelope = read(&unknown);
    assert_eq!(envelope.kind, UpdateKind::Other("thought".into()));
    assert_eq!(
        (envelope.chat, envelope.user),
        (Some(ChatId(5)), Some(UserId(4)))
    );
}

#[test]
fn a_known_kind_counts_before_an_unknown_key() {
    let body = br#"{"trace": {"chat": {"id": 9}}, "message": {"chat": {"id": 5}}, "update_id": 1, "zone": 3}"#;
    let envelope = Envelope::read(body).unwrap();
    assert_eq!(
        (envelope.kind, envelope.chat),
        (UpdateKind::Message, Some(ChatId(5)))
    );
}

#[test]
fn ids_of_another_type_are_absent() {
    for id in [
        json!("5"),
        json!(null),
        json!(1.5),
        json!({"id": 5}),
        json!([5]),
        json!(true),
        json!(u64::MAX),
    ] {
        let update = json!({"update_id": 1, "message": {"chat": {"id": id}, "from": {"id": id}, "date": id}});
        let envelope = read(&update);
        assert_eq!(
            (envelope.chat, envelope.user, envelope.date),
            (None, None, None),
            "{update}"
        );
    }
    for content in [
        json!(null),
        json!(5),
        json!("text"),
        json!([{"chat": {"id": 5}}]),
    ] {
        assert_eq!(
            read(&json!({"update_id": 1, "message": content})).chat,
            None
        );
    }
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let body = br#"{"update_id": 1, "update_id": 2, "message": {"from": {"id": 1}},
        "message": {"chat": {"id": 1}, "chat": {"id": 2, "id": 3}, "date": 1, "date": "x"}}"#;
    let envelope = Envelope::read(body).unwrap();
    assert_eq!(envelope.update_id, UpdateId(2));
    assert_eq!(
        (envelope.chat, envelope.user, envelope.date),
        (Some(ChatId(3)), None, None)
    );
}

#[test]
fn names_may_be_escaped() {
    let body = br#"{"update\u005fid": 1, "m\u0065ssage": {"ch\u0061t": {"id": 5}}}"#;
    assert_eq!(Envelope::read(body).unwrap().chat, Some(ChatId(5)));
}

#[test]
fn deep_nesting_is_skipped() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for place in [
        "5",
        "{\"text\": DEEP, \"chat\": {\"id\": 5}}",
        "{\"chat\": {\"id\": DEEP}}",
        "DEEP",
    ] {
        let body = format!(
            "{{\"update_id\": 1, \"message\": {}}}",
            place.replace("DEEP", &deep)
        );
        Envelope::read(body.as_bytes()).unwrap();
    }
    let body = format!("{{\"update_id\": {deep}, \"message\": {{}}}}");
    assert!(matches!(
        Envelope::read(body.as_bytes()),
        Err(EnvelopeFault::UpdateIdNotAnInteger)
    ));
    assert!(matches!(
        Envelope::read(deep.as_bytes()),
        Err(EnvelopeFault::NotAnObject)
    ));
}

#[test]
fn faults() {
    let fault = |body: &[u8]| Envelope::read(body).unwrap_err();
    assert!(matches!(fault(b""), EnvelopeFault::NotJson { .. }));
    assert!(matches!(
        fault(b"{\"update_id\": 1, \"message\": {}"),
        EnvelopeFault::NotJson { .. }
    ));
    assert!(matches!(
        fault(b"{\"update_id\": 1, \"message\": {}} x"),
        EnvelopeFault::NotJson { .. }
    ));
    assert!(matches!(
        fault(b"{\"update_id\": 1, \"a\": \"\xff\"}"),
        EnvelopeFault::NotUtf8(_)
    ));
    for body in ["1", "null", "\"text\"", "[{}]", "true", "-1.5"] {
        assert!(
            matches!(fault(body.as_bytes()), EnvelopeFault::NotAnObject),
            "{body}"
        );
    }
    assert!(matches!(fault(b"{}"), EnvelopeFault::NoUpdateId));
    assert!(matches!(
        fault(b"{\"message\": {}}"),
        EnvelopeFault::NoUpdateId
    ));
    assert!(matches!(
        fault(b"{\"update_id\": 1}"),
        EnvelopeFault::NoContent
    ));
    for id in ["\"1\"", "1.0", "null", "{}", "[]", "true", "1e3"] {
        let body = format!("{{\"update_id\": {id}, \"message\": {{}}}}");
        assert!(
            matches!(fault(body.as_bytes()), EnvelopeFault::UpdateIdNotAnInteger),
            "{id}"
        );
    }
    for id in ["-1", "9223372036854775808"] {
        let body = format!("{{\"update_id\": {id}, \"message\": {{}}}}");
        assert!(
            matches!(fault(body.as_bytes()), EnvelopeFault::UpdateIdOutOfRange),
            "{id}"
        );
    }
}

/// JSON that is often, but not always, shaped like what the paths go through.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop::sample::select(vec![
            "id",
            "chat",
            "from",
            "user",
            "date",
            "edit_date",
            "message",
            "source",
            "boost",
            "x",
        ]);
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            5 => prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn at<'a>(tree: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(tree, |value, key| value.get(key).unwrap_or(&Value::Null))
}

fn first(tree: &Value, paths: &[&str]) -> Option<i64> {
    paths.iter().find_map(|path| at(tree, path).as_i64())
}

proptest! {
    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Envelope::read(&body);
    }

    #[test]
    fn any_cut_of_an_update_is_answered(cut in 0_usize..1800) {
        let body = include_bytes!("payloads/4_group_entities_reply.json");
        let cut = cut.min(body.len());
        let _ = Envelope::read(&body[..cut]);
        let _ = Envelope::read(&body[cut..]);
    }

    #[test]
    fn it_agrees_with_a_full_parse(id in 0..i64::MAX, content in tree()) {
        let cases: [(&str, [&[&str]; 3]); 5] = [
            ("message", [&["chat.id"], &["from.id"], &["date"]]),
            ("edited_message", [&["chat.id"], &["from.id"], &["edit_date", "date"]]),
            ("callback_query", [&["message.chat.id"], &["from.id"], &[]]),
            ("removed_chat_boost", [&["chat.id"], &["source.user.id"], &["remove_date"]]),
            ("invented", [&["chat.id", "message.chat.id"], &["from.id", "user.id"], &["date"]]),
        ];
        for (kind, [chat, user, date]) in cases {
            let envelope = read(&json!({"update_id": id, kind: content}));
            prop_assert_eq!(envelope.update_id.value(), id);
            prop_assert_eq!(envelope.kind.as_str(), kind);
            prop_assert_eq!(envelope.chat.map(ChatId::value), first(&content, chat));
            prop_assert_eq!(envelope.user.map(UserId::value), first(&content, user));
            prop_assert_eq!(envelope.date, first(&content, date));
        }
    }
}
