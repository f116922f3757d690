//! Times, spans and kinds of update as people say them.

use std::time::Duration;

use clock::Timestamp;
use telegram_bot_api::UpdateKind;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// As in "24 November 2026, 03:54 UTC".
pub(crate) fn time(time: Timestamp) -> String {
    let seconds = time.unix_seconds();
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let minutes = seconds.rem_euclid(86_400) / 60;
    let name = MONTHS.get(month).copied().unwrap_or_default();
    format!(
        "{day} {name} {year}, {:02}:{:02} UTC",
        minutes / 60,
        minutes % 60
    )
}

/// As in "12 minutes", rounded up.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        0..=59 => (seconds, "second"),
        60..=7_199 => (seconds.div_ceil(60), "minute"),
        7_200..=172_799 => (seconds.div_ceil(3_600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// The first few of some kinds, and how many more there are.
pub(crate) fn kinds(kinds: &[UpdateKind]) -> String {
    let mut named: Vec<&str> = Vec::new();
    for name in kinds.iter().map(kind) {
        if !named.contains(&name) {
            named.push(name);
        }
    }
    let shown = named.len().min(4);
    match named.len() - shown {
        0 => named.join(", "),
        more => format!("{}, and {more} more", named[..shown].join(", ")),
    }
}

/// The year, the month from 0 and the day of a number of days after 1970 began. Years are counted from March in between, so that the
/// day that some years have comes last.
fn date(days: i64) -> (i64, usize, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let since_march_of_0 = days + 719_468;
    let cycles = since_march_of_0.div_euclid(DAYS_OF_400_YEARS);
    let day = since_march_of_0.rem_euclid(DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let from_january = usize::try_from((month + 2) % 12).unwrap_or_default();
    let year = cycles * 400 + year + i64::from(month >= 10);
    (year, from_january, day)
}

fn kind(kind: &UpdateKind) -> &'static str {
    match kind {
        UpdateKind::Message => "messages",
        UpdateKind::EditedMessage => "edited messages",
        UpdateKind::ChannelPost => "posts in channels",
        UpdateKind::EditedChannelPost => "edited posts in channels",
        UpdateKind::BusinessConnection
        | UpdateKind::BusinessMessage
        | UpdateKind::EditedBusinessMessage
        | UpdateKind::DeletedBusinessMessages => "business messages",
        UpdateKind::GuestMessage => "messages of guests",
        UpdateKind::MessageReaction | UpdateKind::MessageReactionCount => "reactions",
        UpdateKind::InlineQuery | UpdateKind::ChosenInlineResult => "searches by its name",
        UpdateKind::CallbackQuery => "taps on buttons",
        UpdateKind::ShippingQuery | UpdateKind::PreCheckoutQuery => "payments",
        UpdateKind::PurchasedPaidMedia => "purchases",
        UpdateKind::Poll | UpdateKind::PollAnswer => "polls",
        UpdateKind::MyChatMember => "its own place in chats",
        UpdateKind::ChatMember => "people who join or leave",
        UpdateKind::ChatJoinRequest => "requests to join",
        UpdateKind::ChatBoost | UpdateKind::RemovedChatBoost => "boosts",
        UpdateKind::ManagedBot => "bots that it manages",
        UpdateKind::Subscription => "subscriptions",
        UpdateKind::StoppedMessageGeneration => "answers that were stopped",
        _ => "new kinds of events",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_the_calendar() {
        for (seconds, told) in [
            (0, "1 January 1970, 00:00 UTC"),
            (951_782_399, "28 February 2000, 23:59 UTC"),
            (951_782_400, "29 February 2000, 00:00 UTC"),
            (1_795_492_493, "24 November 2026, 03:54 UTC"),
            (4_107_542_400, "1 March 2100, 00:00 UTC"),
            (-1, "31 December 1969, 23:59 UTC"),
        ] {
            assert_eq!(time(Timestamp::from_unix_seconds(seconds)), told);
        }
        for wild in [i64::MIN, i64::MAX] {
            assert!(time(Timestamp::from_unix_us(wild)).ends_with("UTC"));
        }
    }

    #[test]
    fn days_follow_each_other() {
        let mut before = date(-800_000);
        for day in -799_999..800_000 {
            let (year, month, of_month) = date(day);
            let is_next = (year, month, of_month) == (before.0, before.1, before.2 + 1)
                || (of_month == 1
                    && (month, year) == ((before.1 + 1) % 12, before.0 + i64::from(month == 0)));
            assert!(is_next, "{before:?} {year} {month} {of_month}");
            before = (year, month, of_month);
        }
    }

    #[test]
    fn spans_are_rounded_up() {
        for (seconds, told) in [
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (121, "3 minutes"),
            (7_200, "2 hours"),
            (200_000, "3 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), told);
        }
    }

    #[test]
    fn kinds_are_told_in_words() {
        let some = [UpdateKind::ShippingQuery, UpdateKind::PreCheckoutQuery];
        assert_eq!(kinds(&some), "payments");
        assert_eq!(
            kinds(&UpdateKind::ALL),
            "messages, edited messages, posts in channels, edited posts in channels, and 15 more"
        );
        assert_eq!(
            kinds(&["b".into(), UpdateKind::Poll]),
            "new kinds of events, polls"
        );
    }
}
