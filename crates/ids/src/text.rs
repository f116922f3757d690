//! Identifiers that are text.

use std::ops::Deref;
use std::sync::Arc;

use crate::macros::{text_id, ulid_id};

text_id! {
    /// A MemberPass project: `prj_` and 1-64 characters of `0-9A-Za-z`, opaque to this layer.
    ProjectId(Arc<str>), "a project id", "prj_ and 1 to 64 characters of 0-9A-Za-z", |text| {
        text.strip_prefix("prj_").is_some_and(|rest| {
            (1..=64).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }
}

ulid_id! {
    /// Our record that a project's bot is attached. Another bot makes another connection.
    ConnectionId, "a connection id", "bot_"
}

ulid_id! {
    /// An event that the platform publishes.
    EventId, "an event id", "evt_"
}

ulid_id! {
    /// An address of somebody else's that events are delivered to.
    EndpointId, "an endpoint id", "whe_"
}

ulid_id! {
    /// One HTTP request, in logs and in answers.
    RequestId, "a request id", "req_"
}

ulid_id! {
    /// An API token: the part of it that is not secret.
    ApiTokenId, "an API token's id", ""
}

/// Text that is not an identifier of the kind asked for. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not {what}: it is written {shape}")]
pub struct InvalidId {
    pub(crate) what: &'static str,
    pub(crate) shape: &'static str,
}

/// Text of a known length, kept where the identifier is: a request makes some, and none of them should ask for memory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fixed<const N: usize>([u8; N]);

impl<const N: usize> Fixed<N> {
    /// A prefix, and the ULID of this time and these bits.
    pub(crate) fn ulid(prefix: &str, unix_ms: u64, random: [u8; 10]) -> Self {
        let mut bits = [0; 16];
        bits[6..].copy_from_slice(&random);
        let ulid = ulid::Ulid::from_parts(unix_ms, u128::from_be_bytes(bits));
        Self::of_bits(prefix, ulid.0)
    }

    /// A prefix, and the ULID of these bits.
    pub(crate) fn of_bits(prefix: &str, bits: u128) -> Self {
        let ulid = ulid::Ulid(bits);
        let mut text = [0; N];
        let (before, rest) = text.split_at_mut(prefix.len());
        before.copy_from_slice(prefix.as_bytes());
        rest.copy_from_slice(ulid.array_to_str(&mut [0; ULID]).as_bytes());
        Self(text)
    }
}

impl<const N: usize> Deref for Fixed<N> {
    type Target = str;

    fn deref(&self) -> &str {
        // Never empty: it was made of text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Of text that has this length; of any other nothing that makes sense.
impl<const N: usize> From<&str> for Fixed<N> {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().try_into().unwrap_or([b'0'; N]))
    }
}

/// Upper case only and no spare letters, so that one identifier has one spelling.
pub(crate) fn is_ulid(text: &str) -> bool {
    let is_digit =
        |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() && !b"ILOU".contains(&byte);
    // 26 digits are two bits more than there are.
    text.len() == ULID && text.bytes().all(is_digit) && text.as_bytes()[0] <= b'7'
}

/// The bits of the ULID at the end of a text.
pub(crate) fn ulid_bits(text: &str) -> u128 {
    let Some((_, digits)) = text.as_bytes().split_last_chunk::<ULID>() else {
        return 0;
    };
    // Twelve digits at a time fill a word that a processor has.
    let word = |digits: &[u8]| {
        let values = digits.iter().map(|digit| DIGITS[usize::from(*digit)]);
        values.fold(0_u64, |bits, value| bits << 5 | u64::from(value))
    };
    let (first, rest) = digits.split_at(2);
    let (middle, last) = rest.split_at(12);
    u128::from(word(first)) << 120 | u128::from(word(middle)) << 60 | u128::from(word(last))
}

/// What a digit of Crockford's base 32 stands for; nothing for other bytes, of which an identifier has none.
const DIGITS: [u8; 256] = {
    let digits = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut values = [0; 256];
    let mut value = 0;
    while value < digits.len() {
        values[digits[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The length of a ULID in characters.
pub(crate) const ULID: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_id_has_its_prefix_and_at_most_64_characters() {
        let longest = format!("prj_{}", "a".repeat(64));
        for good in ["prj_1", "prj_01HZX", longest.as_str()] {
            assert_eq!(good.parse::<ProjectId>().unwrap().as_str(), good);
        }
        let too_long = format!("{longest}a");
        for bad in [
            "",
            "prj_",
            "PRJ_1",
            "bot_1",
            "prj_a-b",
            "prj_ä",
            " prj_1",
            too_long.as_str(),
        ] {
            assert!(bad.parse::<ProjectId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_id_comes_back_from_its_bits() {
        for (unix_ms, random) in [
            (0, [0; 10]),
            (1_764_000_000_000, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            ((1 << 48) - 1, [255; 10]),
        ] {
            let id = ConnectionId::from_parts(unix_ms, random);
            assert_eq!((id.to_bits() >> 80) as u64, unix_ms);
            assert_eq!(ConnectionId::from_bits(id.to_bits()), id);
        }
    }

    #[test]
    fn a_connection_id_sorts_by_time_and_has_one_spelling() {
        let early = ConnectionId::from_parts(1_764_000_000_000, [255; 10]);
        let late = ConnectionId::from_parts(1_764_000_000_001, [0; 10]);
        assert!(early < late);
        let text = early.as_str();
        assert_eq!(text.parse::<ConnectionId>().unwrap(), early);
        assert!(text.to_lowercase().parse::<ConnectionId>().is_err());
        assert!(text[..29].parse::<ConnectionId>().is_err());
        assert!(
            "bot_ZZZZZZZZZZZZZZZZZZZZZZZZZZ"
                .parse::<ConnectionId>()
                .is_err()
        );
    }
}
