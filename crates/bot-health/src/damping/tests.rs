use std::time::Duration;

use clock::Timestamp;
use proptest::prelude::*;

use super::{Change, Heard, Publication, Standing};
use crate::verdict::VerdictCode::{
    self, Disconnected, HandlerFailing, Healthy, TelegramApiUnauthorized, WebhookCertificate,
    WebhookRemoved, WebhookTakenOver, WebhookUnreachable,
};
use crate::verdict::{Condition, Decision};

const START: i64 = 1_795_492_800;

/// A standing, and a clock in seconds.
struct Ear {
    standing: Standing,
    seconds: i64,
}

impl Ear {
    fn new() -> Self {
        Self {
            standing: Standing::new(at(0)),
            seconds: 0,
        }
    }

    /// Hears a code after so many seconds.
    fn after(&mut self, seconds: i64, code: VerdictCode) -> Option<Change> {
        self.seconds += seconds;
        self.standing
            .hear(Heard::Code(code, None), at(self.seconds))
    }

    /// Whether a code is told that is heard after so many seconds.
    fn tells(&mut self, seconds: i64, code: VerdictCode) -> bool {
        let change = self.after(seconds, code);
        assert!(change.is_none_or(|change| change.to == code && change.at == at(self.seconds)));
        change.is_some()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(START.saturating_add(seconds))
}

#[test]
fn definite_news_is_told_at_once_and_once() {
    for code in VerdictCode::ALL {
        let mut ear = Ear::new();
        let is_told = ear.tells(0, code);
        assert_eq!(is_told, code.is_definite() && code != Healthy, "{code}");
        assert!(!ear.tells(1, code));
    }
}

#[test]
fn what_may_pass_is_told_when_it_is_heard_again() {
    let mut ear = Ear::new();
    assert!(!ear.tells(0, WebhookUnreachable));
    assert_eq!(ear.standing.due(at(0)), Some(at(30)));
    assert!(!ear.tells(29, WebhookUnreachable));
    assert!(ear.tells(1, WebhookUnreachable));
    // It passed in between.
    let mut ear = Ear::new();
    assert!(!ear.tells(0, WebhookUnreachable));
    assert!(!ear.tells(20, Healthy));
    assert!(!ear.tells(20, WebhookUnreachable));
    assert!(ear.tells(30, WebhookUnreachable));
}

#[test]
fn what_has_lasted_is_told_at_once() {
    let mut standing = Standing::new(at(0));
    let heard = |seconds: i64| Heard::Code(HandlerFailing, Some(at(-seconds)));
    assert_eq!(standing.hear(heard(59), at(0)), None);
    let told = standing.hear(heard(60), at(0)).expect("a minute is enough");
    assert_eq!(
        told.publication(),
        Some(Publication::Degraded(HandlerFailing))
    );
}

#[test]
fn no_news_neither_tells_nor_interrupts() {
    let mut standing = Standing::new(at(0));
    let before = standing;
    assert_eq!(standing.hear(Heard::NoNews, at(5)), None);
    assert_eq!(standing, before);
    let decision = Decision::NoNews {
        sentence: String::new(),
        evidence: Vec::new(),
    };
    standing.hear(Heard::Code(WebhookUnreachable, None), at(10));
    standing.hear(&decision, at(20));
    let heard = Heard::Code(WebhookUnreachable, None);
    assert!(standing.hear(heard, at(40)).is_some());
}

#[test]
fn one_fault_that_turns_into_another_is_still_one() {
    let mut ear = Ear::new();
    assert!(!ear.tells(0, WebhookUnreachable));
    assert!(!ear.tells(20, WebhookCertificate));
    assert!(ear.tells(20, WebhookUnreachable));
    // But another reason for what is told already must last by itself.
    assert!(!ear.tells(20, WebhookCertificate));
    assert!(!ear.tells(10, HandlerFailing));
    assert!(!ear.tells(20, WebhookCertificate));
    assert!(ear.tells(30, WebhookCertificate));
}

#[test]
fn the_first_recoveries_are_told_at_once() {
    let mut ear = Ear::new();
    for _ in 0..2 {
        assert!(ear.tells(60, WebhookRemoved));
        assert!(ear.tells(1, Healthy));
    }
}

#[test]
fn what_came_and_went_must_hold_longer_each_time() {
    let mut ear = Ear::new();
    for _ in 0..2 {
        assert!(ear.tells(60, WebhookRemoved));
        assert!(ear.tells(60, Healthy));
    }
    for minutes in [10, 20, 40, 60, 60] {
        assert!(ear.tells(60, WebhookRemoved), "bad news is told at once");
        assert!(!ear.tells(60, Healthy));
        let due = ear.standing.due(at(ear.seconds));
        assert_eq!(due, Some(at(ear.seconds + minutes * 60)));
        assert!(!ear.tells(minutes * 60 - 1, Healthy), "{minutes}");
        assert!(ear.tells(1, Healthy), "{minutes}");
    }
    // Three calm hours later it is as if nothing had been.
    assert!(ear.tells(3 * 3_600, WebhookRemoved));
    assert!(ear.tells(1, Healthy));
}

#[test]
fn a_relapse_begins_the_wait_anew() {
    let mut ear = Ear::new();
    for _ in 0..2 {
        assert!(ear.tells(60, WebhookRemoved));
        assert!(ear.tells(60, Healthy));
    }
    assert!(ear.tells(60, WebhookRemoved));
    assert!(!ear.tells(60, Healthy));
    assert!(!ear.tells(590, WebhookRemoved));
    assert!(!ear.tells(5, Healthy));
    assert!(!ear.tells(590, Healthy));
    assert!(ear.tells(10, Healthy));
}

#[test]
fn a_definite_cause_is_told_however_restless_the_bot_was() {
    let mut ear = Ear::new();
    for _ in 0..3 {
        assert!(!ear.tells(60, WebhookUnreachable));
        assert!(ear.tells(30, WebhookUnreachable));
        ear.after(30, Healthy);
        ear.after(1_200, Healthy);
    }
    assert!(!ear.tells(60, WebhookUnreachable));
    assert!(ear.tells(30, WebhookUnreachable));
    assert!(ear.tells(1, TelegramApiUnauthorized));
    assert!(
        !ear.tells(1, WebhookTakenOver),
        "from one definite cause to another it has to hold"
    );
    assert!(ear.tells(1, Disconnected));
}

#[test]
fn a_bot_that_is_connected_anew_does_not_wait_long() {
    let mut ear = Ear::new();
    for _ in 0..2 {
        assert!(ear.tells(60, Disconnected));
        assert!(ear.tells(1, Healthy));
    }
    for _ in 0..9 {
        assert!(ear.tells(60, Disconnected));
        assert!(!ear.tells(1, Healthy));
        assert!(ear.tells(60, Healthy));
    }
}

#[test]
fn disconnecting_has_events_of_its_own() {
    let change = |from, to| Change {
        from,
        to,
        at: at(0),
    };
    for (from, to, publication) in [
        (Healthy, Disconnected, None),
        (WebhookRemoved, Disconnected, None),
        (Disconnected, Healthy, None),
        (
            Disconnected,
            WebhookRemoved,
            Some(Publication::Degraded(WebhookRemoved)),
        ),
        (
            Healthy,
            WebhookRemoved,
            Some(Publication::Degraded(WebhookRemoved)),
        ),
        (
            WebhookRemoved,
            WebhookTakenOver,
            Some(Publication::Degraded(WebhookTakenOver)),
        ),
        (WebhookTakenOver, Healthy, Some(Publication::Healthy)),
    ] {
        assert_eq!(change(from, to).publication(), publication);
    }
}

fn any_code() -> impl Strategy<Value = VerdictCode> {
    prop::sample::select(&VerdictCode::ALL[..])
}

/// Observations, each after so many seconds: mostly seconds, at times an hour, at times the clock is set.
fn observations(
    codes: BoxedStrategy<VerdictCode>,
    back: bool,
) -> impl Strategy<Value = Vec<(i64, Heard)>> {
    let least: i64 = if back { -4_000 } else { 0 };
    let span = prop_oneof![5 => 0..40_i64, 3 => 0..700_i64, 1 => least..4_000];
    let since = prop_oneof![Just(None), (-200..200_i64).prop_map(|ago| Some(at(ago)))];
    let heard = prop_oneof![
        1 => Just(Heard::NoNews),
        9 => (codes, since).prop_map(|(code, since)| Heard::Code(code, since)),
    ];
    prop::collection::vec((span, heard), 0..120)
}

fn hear_all(standing: &mut Standing, observations: &[(i64, Heard)]) -> (Vec<Change>, i64) {
    let mut now = 0;
    let mut changes = Vec::new();
    for (span, heard) in observations {
        now += span;
        changes.extend(standing.hear(*heard, at(now)));
    }
    (changes, now)
}

/// The most changes within any hour.
fn busiest_hour(changes: &[Change]) -> usize {
    let within = |first: &Change| {
        let hour = first.at + Duration::from_secs(3_600);
        changes
            .iter()
            .filter(|one| first.at <= one.at && one.at < hour)
            .count()
    };
    changes.iter().map(within).max().unwrap_or_default()
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_unix_us)
}

proptest! {
    #[test]
    fn nothing_is_told_twice_in_a_row(heard in observations(any_code().boxed(), true)) {
        let (changes, _) = hear_all(&mut Standing::new(at(0)), &heard);
        let mut told = Healthy;
        let mut published = Some(Publication::Healthy);
        for change in changes {
            prop_assert_eq!(change.from, told);
            prop_assert_ne!(change.to, told);
            told = change.to;
            match change.publication() {
                Some(publication) => {
                    prop_assert_ne!(Some(publication), published);
                    published = Some(publication);
                }
                // The platform hears of these by other events, after which it knows nothing, or that the bot works.
                None if told.condition() == Condition::Disconnected => published = None,
                None => published = Some(Publication::Healthy),
            }
        }
    }

    #[test]
    fn there_are_only_so_many_changes_an_hour(
        heard in observations(any_code().prop_filter("not disconnected", |code| *code != Disconnected).boxed(), false),
    ) {
        let (changes, _) = hear_all(&mut Standing::new(at(0)), &heard);
        prop_assert!(busiest_hour(&changes) <= 24, "{}", busiest_hour(&changes));
    }

    #[test]
    fn not_even_disconnecting_makes_many(heard in observations(any_code().boxed(), false)) {
        let (changes, _) = hear_all(&mut Standing::new(at(0)), &heard);
        prop_assert!(busiest_hour(&changes) <= 4 * 61, "{}", busiest_hour(&changes));
    }

    #[test]
    fn what_is_steady_is_told_in_the_end(
        heard in observations(any_code().boxed(), true), last in any_code(), step in 20..900_i64,
    ) {
        let mut standing = Standing::new(at(0));
        let (_, mut now) = hear_all(&mut standing, &heard);
        let mut changes = 0;
        // The longest hold, and the observation after it.
        for _ in 0..=(3_600 / step + 1) {
            changes += usize::from(standing.hear(Heard::Code(last, None), at(now)).is_some());
            now += step;
        }
        prop_assert_eq!(standing.told, last);
        prop_assert!(changes <= 1);
        prop_assert_eq!(standing.waiting, None);
    }

    #[test]
    fn any_columns_are_fit_to_go_on_with(
        told in any_code(), waiting in prop::option::of((any_code(), any_time())),
        changes in prop::array::uniform3(prop::option::of(any_time())), times in prop::array::uniform2(any_time()),
        doublings: u8, last in any_code(),
    ) {
        let [told_at, now] = times;
        let mut standing = Standing { told, told_at, waiting, changes, doublings };
        standing.hear(Heard::Code(last, Some(told_at)), now);
        prop_assert!(standing.due(now).is_none_or(|due| due <= now + Duration::from_secs(3_600)));
        standing.hear(Heard::Code(last, None), now + Duration::from_secs(3_600));
        // Unless there is no later time, it is told by then.
        prop_assert!(standing.told == last || now.unix_us() > i64::MAX - 3_600_000_000);
    }
}

/// The worst that can be done to it, second by second for three hours.
#[test]
fn the_worst_inputs_make_few_changes() {
    let soft = [HandlerFailing, WebhookCertificate, WebhookUnreachable];
    let definite = [TelegramApiUnauthorized, WebhookTakenOver, WebhookRemoved];
    let ladder = [Healthy, WebhookUnreachable, WebhookRemoved];
    for (codes, most) in [
        (&[Healthy, TelegramApiUnauthorized][..], 8),
        (&soft, 8),
        (&definite, 8),
        (&ladder, 8),
    ] {
        let mut standing = Standing::new(at(0));
        let mut changes = Vec::new();
        for second in 0..3 * 3_600 {
            let code = codes[second as usize % codes.len()];
            let heard = Heard::Code(code, Some(at(-3_600)));
            changes.extend(standing.hear(heard, at(second)));
        }
        assert!(
            busiest_hour(&changes) <= most,
            "{codes:?} {}",
            busiest_hour(&changes)
        );
    }
}
