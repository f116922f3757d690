//! Identifiers that are text.

use crate::macros::{text_id, ulid_id};

text_id! {
    /// A MemberPass project: `prj_` and 1-64 characters of `0-9A-Za-z`, opaque to this layer.
    ProjectId, "a project id", "prj_ and 1 to 64 characters of 0-9A-Za-z", |text| {
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

pub(crate) fn is_ulid(text: &str) -> bool {
    // Upper case only, so that one identifier has one spelling.
    text.len() == 26 && ulid::Ulid::from_string(text).is_ok_and(|ulid| ulid.to_string() == text)
}

pub(crate) fn ulid(unix_ms: u64, random: [u8; 10]) -> ulid::Ulid {
    let mut bits = [0; 16];
    bits[6..].copy_from_slice(&random);
    ulid::Ulid::from_parts(unix_ms, u128::from_be_bytes(bits))
}

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
