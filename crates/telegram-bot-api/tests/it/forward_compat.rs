//! What Telegram adds tomorrow breaks nothing: the schema is walked, and something is invented at every place where
//! something new may come.

use serde_json::{Value, json};
use telegram_bot_api::{ChatId, Envelope, Update, UpdateContent, UpdateKind, UserId};

use crate::generated::through_type;
use crate::schema::{Field, Schema};

/// Reads an update whose kind is known, and writes it again.
fn round_trip(update: &Value) -> Value {
    let text = update.to_string();
    let read: Update = serde_json::from_str(&text).unwrap();
    assert!(
        !matches!(read.content, UpdateContent::Unknown { .. }),
        "not understood: {text}"
    );
    let envelope = Envelope::read(text.as_bytes()).unwrap();
    assert_eq!(
        (envelope.update_id, envelope.kind),
        (read.update_id, read.kind())
    );
    assert_eq!(
        (envelope.chat, envelope.user),
        (read.chat(), read.user()),
        "{text}"
    );
    serde_json::to_value(&read).unwrap()
}

/// Reads and writes an update, and expects what was there.
fn keeps(update: &Value) {
    assert_eq!(round_trip(update), *update);
}

/// Calls `check` with an update for each field of each object that an update may hold: the object has all its fields,
/// and this one holds what `invent` says.
fn with_invented(invent: impl Fn(&Schema, Field<'_>) -> Vec<Value>) -> usize {
    let schema = Schema::read();
    let mut count = 0;
    for (object, way) in schema.ways() {
        for field in schema.fields(object) {
            for invented in invent(&schema, field) {
                let mut value = schema.sample(object, 1);
                value[field.name()] = invented;
                keeps(&schema.update(&way, value));
                count += 1;
            }
        }
    }
    count
}

#[test]
fn every_kind_with_little_and_with_much() {
    let schema = Schema::read();
    for kind in schema.kinds() {
        for depth in 0..4 {
            keeps(&schema.update(&[kind], schema.sample(kind.element(), depth)));
        }
    }
}

#[test]
fn every_object_that_an_update_may_hold() {
    let schema = Schema::read();
    let ways = schema.ways();
    assert!(ways.len() > 200, "{}", ways.len());
    for (object, way) in &ways {
        for depth in 0..3 {
            keeps(&schema.update(way, schema.sample(object, depth)));
        }
    }
}

#[test]
fn a_new_value_of_every_string() {
    let enums = with_invented(|_, field| {
        let invented = field
            .is_string_enum()
            .then(|| field.wrap(json!("invented")));
        invented.into_iter().collect()
    });
    assert!(enums > 10, "{enums}");
}

#[test]
fn a_new_member_of_every_union() {
    let invented = json!({"invented": [{"id": 1.25}], "text": null});
    let unions = with_invented(|schema, field| {
        let Some(discriminator) = schema.discriminator(field.element()) else {
            return Vec::new();
        };
        let mut new_member = invented.clone();
        new_member[discriminator] = json!("invented");
        [&new_member, &invented]
            .map(|value| field.wrap(value.clone()))
            .into()
    });
    assert!(unions > 10, "{unions}");
}

#[test]
fn a_member_of_every_union_in_a_new_shape() {
    with_invented(|schema, field| {
        let element = field.element();
        let Some(discriminator) = schema.discriminator(element) else {
            return Vec::new();
        };
        let members = schema.objects(element).into_iter();
        let known = members.filter(|member| schema.fields(member).any(|field| field.is_required()));
        let broken = known.map(|member| {
            let tag = schema.sample(member, 0)[discriminator].clone();
            let rest = schema
                .fields(member)
                .map(|field| (field.name().to_owned(), json!({"new": [1]})));
            let mut value: Value = rest.collect();
            value[discriminator] = tag;
            field.wrap(value)
        });
        broken.collect()
    });
}

#[test]
fn a_new_field_in_every_object() {
    let schema = Schema::read();
    for (object, way) in schema.ways() {
        let before = schema.sample(object, 1);
        let mut after = before.clone();
        after["invented"] = json!({"deep": [1, {"er": null}]});
        assert_eq!(
            round_trip(&schema.update(&way, after)),
            schema.update(&way, before)
        );
    }
}

#[test]
fn every_type_that_telegram_sends() {
    let schema = Schema::read();
    let mut count = 0;
    for (name, facts) in schema.types() {
        let Some(through) = through_type(name) else {
            continue;
        };
        count += 1;
        for depth in 0..3 {
            let value = schema.sample(name, depth);
            assert_eq!(through(&value).unwrap(), value, "{name}");
        }
        for (field, invented) in schema
            .fields(name)
            .filter(|f| f.is_string_enum())
            .map(|f| (f, "invented"))
        {
            let mut value = schema.sample(name, 1);
            value[field.name()] = field.wrap(json!(invented));
            assert_eq!(through(&value).unwrap(), value, "{name}");
        }
        if facts["discriminator"].is_string() {
            let value = json!({"invented": true});
            assert_eq!(through(&value).unwrap(), value, "{name}");
        }
    }
    assert!(count > 250, "{count}");
}

#[test]
fn a_new_kind_is_kept_as_it_came() {
    let text = r#"{"update_id":7,"invented":{"chat":{"id":-5},"from":{"id":6},"n":1.50}}"#;
    let update: Update = serde_json::from_str(text).unwrap();
    let UpdateContent::Unknown { kind, raw } = &update.content else {
        panic!("{update:?}")
    };
    assert_eq!(*kind, UpdateKind::from("invented"));
    assert_eq!(raw.get(), r#"{"chat":{"id":-5},"from":{"id":6},"n":1.50}"#);
    assert_eq!(serde_json::to_string(&update).unwrap(), text);
    let envelope = Envelope::read(text.as_bytes()).unwrap();
    assert_eq!(
        (envelope.chat, envelope.user),
        (Some(ChatId(-5)), Some(UserId(6)))
    );
}

#[test]
fn a_known_kind_in_a_new_shape_is_kept_as_it_came() {
    let schema = Schema::read();
    for kind in schema.kinds() {
        for content in [
            json!(null),
            json!(5),
            json!([]),
            json!({}),
            json!({"chat": 5, "id": null}),
        ] {
            let update = json!({"update_id": 7, kind.name(): content});
            let read: Update = serde_json::from_value(update.clone()).unwrap();
            let UpdateContent::Unknown { kind: name, .. } = &read.content else {
                panic!("{read:?}")
            };
            assert_eq!(name.as_str(), kind.name());
            assert_eq!(serde_json::to_value(&read).unwrap(), update);
        }
    }
}

#[test]
fn deep_nesting_overflows_nothing() {
    let message = |depth| {
        let open =
            r#"{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"reply_to_message":"#;
        format!(
            r#"{{"update_id":1,"message":{}{{}}{}}}"#,
            open.repeat(depth),
            "}".repeat(depth)
        )
    };
    let rich = |depth| {
        let open = r#"{"type":"bold","text":"#;
        let block = format!(
            r#"{{"type":"paragraph","text":{}"x"{}}}"#,
            open.repeat(depth),
            "}".repeat(depth)
        );
        format!(
            r#"{{"update_id":1,"message":{{"message_id":1,"date":1,"chat":{{"id":1,"type":"private"}},"rich_message":{{"blocks":[{block}]}}}}}}"#
        )
    };
    for depth in [100, 120, 126, 127, 128, 1000, 100_000] {
        for text in [message(depth), rich(depth)] {
            let update: Update = serde_json::from_str(&text).unwrap();
            assert_eq!(update.kind(), UpdateKind::Message);
            let _ = serde_json::to_string(&update).unwrap();
        }
    }
}
