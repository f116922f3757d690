//! Which calls may be made twice, and how long to wait in between.

use std::time::Duration;

use clock::Entropy;

use crate::{Call, Error, Retry};

/// The longest pause between two attempts that no server asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What it does to make a call twice. Decides whether a call is repeated when nobody knows whether it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repetition {
    /// It only reads. Every method whose name begins with `get`.
    Reads,
    /// It leaves the same state and gets the same answer the second time.
    Idempotent,
    /// It does something twice, or is refused the second time.
    Acts,
}

/// Methods that set a state as a whole, so that setting it twice changes nothing and is answered alike. Not here:
/// whatever sends or edits (twice said, or refused as not modified), answers a query (one answer each), deletes one
/// thing (the second time it is not there), counts or pays.
const IDEMPOTENT: [&str; 13] = [
    "deleteMyCommands",
    "sendChatAction",
    "setChatMenuButton",
    "setChatPermissions",
    "setMessageReaction",
    "setMyCommands",
    "setMyDefaultAdministratorRights",
    "setMyDescription",
    "setMyName",
    "setMyShortDescription",
    "setPassportDataErrors",
    "setUserEmojiStatus",
    "setWebhook",
];

impl Repetition {
    /// What making this call twice does.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let name = call.method().as_bytes();
        if name.len() >= 3 && name[..3].eq_ignore_ascii_case(b"get") {
            return Self::Reads;
        }
        // Dropping what is pending twice would drop what came in between.
        let idempotent = (IDEMPOTENT.iter().any(|method| call.is(method))
            || call.is("deleteWebhook"))
            && !call.params().contains_key("drop_pending_updates");
        if idempotent {
            Self::Idempotent
        } else {
            Self::Acts
        }
    }

    /// Whether the call may be made again without knowing whether it was carried out.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        self != Self::Acts
    }
}

/// How long to wait before the next attempt, after so many (at least one) that failed; `None` to give up.
pub(crate) fn pause(
    error: &Error,
    repetition: Repetition,
    failures: u32,
    entropy: &Entropy,
) -> Option<Duration> {
    match (error, error.retry()) {
        (Error::Throttled { .. }, Retry::After(span)) => Some(span),
        (_, Retry::After(_)) => Some(backoff(failures, entropy)),
        (_, Retry::Ambiguous) if repetition.is_harmless() => Some(backoff(failures, entropy)),
        (_, Retry::Ambiguous | Retry::Never) => None,
    }
}

/// Doubling from half a second to eight, of which a random half is waited at least, so that many who failed together
/// do not come back together.
fn backoff(failures: u32, entropy: &Entropy) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let whole = doubled.min(LONGEST_PAUSE);
    let half = whole / 2;
    let random = entropy.below(u64::try_from(half.as_micros()).unwrap_or(0) + 1);
    half + Duration::from_micros(random)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::Throttler;

    fn repetition(method: &'static str) -> Repetition {
        Repetition::of(&Call::new(method, Map::new()))
    }

    #[test]
    fn methods_fall_into_three_classes() {
        assert_eq!(repetition("getMe"), Repetition::Reads);
        assert_eq!(repetition("GETUPDATES"), Repetition::Reads);
        assert_eq!(repetition("setwebhook"), Repetition::Idempotent);
        assert_eq!(repetition("deleteWebhook"), Repetition::Idempotent);
        for acts in [
            "sendMessage",
            "editMessageText",
            "answerCallbackQuery",
            "deleteMessage",
            "ge",
        ] {
            assert_eq!(repetition(acts), Repetition::Acts, "{acts}");
        }
        let drop: Map<String, Value> =
            serde_json::from_value(json!({"drop_pending_updates": true})).unwrap();
        assert_eq!(
            Repetition::of(&Call::new("deleteWebhook", drop)),
            Repetition::Acts
        );
    }

    #[test]
    fn what_is_ambiguous_is_repeated_only_where_that_is_harmless() {
        let entropy = Entropy::seeded(1);
        let lost = Error::TimedOut { ambiguous: true };
        assert!(pause(&lost, Repetition::Reads, 1, &entropy).is_some());
        assert!(pause(&lost, Repetition::Idempotent, 1, &entropy).is_some());
        assert_eq!(pause(&lost, Repetition::Acts, 1, &entropy), None);
        let unsent = Error::TimedOut { ambiguous: false };
        assert!(pause(&unsent, Repetition::Acts, 1, &entropy).is_some());
        let retry_after = Duration::from_secs(3);
        let by = Throttler::Telegram;
        let throttled = Error::Throttled { retry_after, by };
        assert_eq!(
            pause(&throttled, Repetition::Acts, 9, &entropy),
            Some(retry_after)
        );
    }

    #[test]
    fn the_pause_doubles_up_to_eight_seconds_and_is_never_less_than_half() {
        let entropy = Entropy::seeded(2);
        for (failures, whole_ms) in [
            (1, 500),
            (2, 1_000),
            (5, 8_000),
            (6, 8_000),
            (u32::MAX, 8_000),
        ] {
            let pauses: Vec<_> = (0..50).map(|_| backoff(failures, &entropy)).collect();
            let whole = Duration::from_millis(whole_ms);
            assert!(
                pauses
                    .iter()
                    .all(|pause| (whole / 2..=whole).contains(pause))
            );
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }
}
