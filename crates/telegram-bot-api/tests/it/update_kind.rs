//! The kinds of update and their facts.

use telegram_bot_api::UpdateKind;

#[test]
fn names_go_both_ways() {
    for kind in UpdateKind::ALL {
        assert_eq!(UpdateKind::from(kind.as_str()), kind);
        let json = serde_json::to_string(&kind).unwrap();
        assert_eq!(json, format!("\"{kind}\""));
        assert_eq!(serde_json::from_str::<UpdateKind>(&json).unwrap(), kind);
    }
    assert_eq!(UpdateKind::ALL.len(), 27);
    assert_eq!(UpdateKind::ALL[0], UpdateKind::Message);
}

#[test]
fn lifetimes_and_the_default_set() {
    assert_eq!(UpdateKind::Message.kept_seconds(), 86_400);
    assert_eq!(UpdateKind::InlineQuery.kept_seconds(), 30);
    assert_eq!(UpdateKind::PreCheckoutQuery.kept_seconds(), 150);
    assert_eq!(UpdateKind::Subscription.kept_seconds(), 86_400);
    let not: Vec<_> = UpdateKind::ALL
        .into_iter()
        .filter(|kind| !kind.in_default_allowed_updates())
        .collect();
    assert_eq!(
        not,
        [
            UpdateKind::MessageReaction,
            UpdateKind::MessageReactionCount,
            UpdateKind::ChatMember
        ]
    );
}

#[test]
fn an_unknown_kind_keeps_its_name() {
    let kind = UpdateKind::from("thought");
    assert_eq!(kind, UpdateKind::Other("thought".into()));
    assert_eq!((kind.as_str(), kind.kept_seconds()), ("thought", 86_400));
}
