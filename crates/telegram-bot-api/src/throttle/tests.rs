use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const EVER: Duration = Duration::MAX;

fn call(method: &'static str, params: Value) -> Call {
    Call::new(method, serde_json::from_value(params).unwrap())
}

fn to(chat: i64) -> Call {
    call("sendMessage", json!({"chat_id": chat}))
}

/// The turns of so many calls that are all made at once.
fn turns(throttle: &Throttle, calls: impl IntoIterator<Item = Call>) -> Vec<Duration> {
    calls
        .into_iter()
        .map(|call| throttle.take_turn(1, &call, Duration::ZERO, EVER).unwrap())
        .collect()
}

fn most_in_any(span: Duration, mut turns: Vec<Duration>) -> usize {
    turns.sort();
    let inside = |from: Duration| {
        turns
            .iter()
            .filter(|at| (from..from + span).contains(at))
            .count()
    };
    turns.iter().map(|from| inside(*from)).max().unwrap_or(0)
}

#[test]
fn one_bot_sends_thirty_a_second_to_many_chats() {
    let throttle = Throttle::new(Limits::default());
    let turns = turns(&throttle, (1..=95).map(to));
    assert_eq!(turns[29], Duration::ZERO);
    assert_eq!(turns[30], SECOND);
    assert_eq!(turns[94], 3 * SECOND);
    assert_eq!(most_in_any(SECOND, turns), 30);
}

#[test]
fn one_chat_gets_one_message_a_second_after_a_short_burst() {
    let throttle = Throttle::new(Limits::default());
    let turns = turns(&throttle, (0..10).map(|_| to(7)));
    let seconds: Vec<_> = turns.iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 0, 0, 3, 3, 3, 6, 6, 6, 9]);
}

#[test]
fn one_group_gets_twenty_messages_a_minute() {
    let throttle = Throttle::new(Limits::default());
    let turns = turns(&throttle, (0..50).map(|_| to(-7)));
    assert!(turns[19] < 20 * SECOND);
    assert_eq!((turns[20], turns[40]), (60 * SECOND, 120 * SECOND));
    assert_eq!(most_in_any(60 * SECOND, turns.clone()), 20);
    assert_eq!(most_in_any(3 * SECOND, turns), 3);
}

#[test]
fn a_chat_that_waits_keeps_no_other_chat_waiting() {
    let throttle = Throttle::new(Limits::default());
    turns(&throttle, (0..100).map(|_| to(7)));
    assert_eq!(
        turns(&throttle, (0..27).map(|chat| to(100 + chat))),
        [Duration::ZERO; 27]
    );
    let other_bot = throttle.take_turn(2, &to(7), Duration::ZERO, EVER);
    assert_eq!(other_bot, Ok(Duration::ZERO));
}

#[test]
fn a_turn_that_comes_too_late_is_not_taken() {
    let throttle = Throttle::new(Limits::default());
    turns(&throttle, (0..3).map(|_| to(7)));
    for _ in 0..2 {
        let late = throttle.take_turn(1, &to(7), Duration::ZERO, 2 * SECOND);
        assert_eq!(late, Err(3 * SECOND));
    }
    assert_eq!(turns(&throttle, [to(7)]), [3 * SECOND]);
}

#[test]
fn a_parked_chat_opens_when_telegram_said() {
    let throttle = Throttle::new(Limits::default());
    throttle.park(1, &to(7), 40 * SECOND);
    assert!(throttle.is_parked(1, &to(7), 39 * SECOND));
    assert!(!throttle.is_parked(1, &to(7), 40 * SECOND));
    assert!(!throttle.is_parked(1, &to(8), SECOND));
    assert_eq!(
        turns(&throttle, [to(7), to(8)]),
        [40 * SECOND, Duration::ZERO]
    );
}

#[test]
fn what_is_no_message_takes_no_turn() {
    let throttle = Throttle::new(Limits::default());
    for method in [
        "getChat",
        "answerCallbackQuery",
        "sendChatAction",
        "editForumTopic",
        "banChatMember",
    ] {
        let calls = (0..50).map(|_| call(method, json!({"chat_id": -7})));
        assert_eq!(turns(&throttle, calls), [Duration::ZERO; 50], "{method}");
    }
    assert!(
        sends_message(&call("SENDPHOTO", json!({})))
            && sends_message(&call("copyMessages", json!({})))
    );
}

#[test]
fn paid_broadcasts_are_free_of_the_bots_limit_and_calls_without_a_chat_are_not() {
    let throttle = Throttle::new(Limits::default());
    let paid = |chat| {
        call(
            "sendMessage",
            json!({"chat_id": chat, "allow_paid_broadcast": true}),
        )
    };
    assert_eq!(turns(&throttle, (0..90).map(paid)), [Duration::ZERO; 90]);
    let inline = |_| call("editMessageText", json!({"inline_message_id": "x"}));
    assert_eq!(turns(&throttle, (0..31).map(inline))[30], SECOND);
}

#[test]
fn idle_keys_are_forgotten() {
    let throttle = Throttle::new(Limits::default());
    for chat in 0..10_000 {
        let now = SECOND * chat;
        let chat = -i64::from(chat) - 1;
        throttle.take_turn(chat, &to(chat), now, EVER).unwrap();
    }
    let keys = throttle.lock();
    assert!(keys.bots.len() + keys.chats.len() <= SWEEP_FROM + 2);
    assert!(keys.chats.capacity() <= 4 * SWEEP_FROM);
}

#[test]
fn an_empty_call_has_no_turn_to_take() {
    assert!(!sends_message(&Call::new("", Map::new())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever sends what to whom and when: no window of the bot, of a chat or of a group holds more than its limit,
    /// and a chat's turns come in the order in which they were asked for.
    #[test]
    fn no_limit_is_passed_and_nobody_overtakes(
        wishes in prop::collection::vec((0_u64..700, -2_i64..20, any::<bool>()), 1..200),
    ) {
        let limits = Limits::default();
        let throttle = Throttle::new(limits);
        let mut now = Duration::ZERO;
        let mut turns: Vec<(i64, Duration)> = Vec::new();
        for (later_ms, chat, at_once) in wishes {
            if !at_once {
                now += Duration::from_millis(later_ms);
            }
            let turn = throttle.take_turn(1, &to(chat), now, EVER).unwrap();
            prop_assert!(turn >= now);
            let before = turns.iter().rev().find(|(other, _)| *other == chat);
            prop_assert!(before.is_none_or(|(_, before)| *before <= turn));
            turns.push((chat, turn));
        }
        let of = |chats: &dyn Fn(i64) -> bool| {
            turns.iter().filter(|(chat, _)| chats(*chat)).map(|(_, turn)| *turn).collect::<Vec<_>>()
        };
        let holds = |limit: Limit, turns| most_in_any(limit.span, turns) <= limit.calls as usize;
        prop_assert!(holds(limits.bot, of(&|_| true)));
        for chat in -2..20 {
            prop_assert!(holds(limits.chat, of(&|other| other == chat)));
            prop_assert!(chat >= 0 || holds(limits.group, of(&|other| other == chat)));
        }
    }
}
