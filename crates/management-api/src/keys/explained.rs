//! Why a step was not done: each error's own sentence says what to do, so this is about statuses and codes.

use http::StatusCode;
use ids::RequestId;
use key_rotation::Error;

use crate::error::{ApiError, sentence};

pub(super) fn explain(error: &Error, request: &RequestId) -> ApiError {
    let Some((status, code, remediation)) = told(error) else {
        return ApiError::internal(error, request);
    };
    let answer = ApiError::new(status, code, sentence(error), remediation);
    match error {
        Error::TooSoon { wait, .. } => answer.retry_after(wait.as_secs() + 1),
        Error::Interrupted => answer.retry_after(5),
        _ => answer,
    }
}

fn told(error: &Error) -> Option<(StatusCode, &'static str, &'static str)> {
    let conflict = |code, remediation| Some((StatusCode::CONFLICT, code, remediation));
    match error {
        Error::ByHand { .. } => conflict(
            "KEYS_KEPT_ELSEWHERE",
            "Do the step where the keys are kept, as the message says.",
        ),
        Error::InUse { .. } => conflict(
            "KEY_IN_USE",
            "Look at GET /v1/keys; rewrap, wait until webhooks have moved, and retire the key then.",
        ),
        Error::Interrupted => Some((
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVER_STOPPING",
            "Ask for the same step again when the server is back; a step that was done is not done twice.",
        )),
        Error::Needed { .. } => conflict(
            "KEY_MISSING",
            "Put the key file back that has this key, from its backup.",
        ),
        Error::NotReloaded { .. } => conflict(
            "KEYS_NOT_RELOADED",
            "POST /v1/keys/reload, then repeat this.",
        ),
        Error::NotReadAgain { .. } => conflict(
            "KEYS_READ_ONCE",
            "Restart the server; it reads its keys at start.",
        ),
        Error::NotKnown(_) => conflict(
            "KEY_NOT_KNOWN",
            "POST /v1/keys/reload, then promote the key.",
        ),
        Error::OldWithKey(_) | Error::OldWithoutKey { .. } | Error::OldPrimary { .. } => conflict(
            "KEYS_OUTDATED",
            "Put the newest key file in place of this older copy.",
        ),
        Error::Replaced { .. } => conflict("KEY_REPLACED", "Add a new key and promote that."),
        Error::Ring(key_ring::Error::Unknown(_)) => Some((
            StatusCode::NOT_FOUND,
            "RESOURCE_NOT_FOUND",
            "GET /v1/keys lists the keys there are.",
        )),
        Error::Ring(key_ring::Error::Retired(_)) => {
            conflict("KEY_RETIRED", "Add a new key instead.")
        }
        Error::Ring(key_ring::Error::RetiresPrimary(_)) => {
            conflict("KEY_IS_PRIMARY", "Promote another key first.")
        }
        Error::Ring(key_ring::Error::File { .. }) => None,
        Error::Ring(_) => conflict(
            "KEY_FILE_UNUSABLE",
            "Mend the key file as the message says.",
        ),
        Error::TooSoon { .. } => conflict(
            "KEY_TOO_NEW",
            "Retire the key after the time in Retry-After.",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use ids::KeyId;
    use key_rotation::KeyUses;

    use super::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own_and_says_what_to_do() {
        let key = KeyId::new(2);
        let (what, steps) = (|| "the variable X".to_owned(), "write it".to_owned());
        let uses = KeyUses {
            sealed_tokens: 3,
            ..KeyUses::default()
        };
        let wait = Duration::from_secs(59);
        let table = [
            (
                Error::ByHand {
                    what: what(),
                    steps,
                },
                409,
            ),
            (Error::InUse { key, uses }, 409),
            (Error::Interrupted, 503),
            (Error::Needed { key, uses }, 409),
            (Error::NotReloaded { what: what() }, 409),
            (Error::NotReadAgain { what: what() }, 409),
            (Error::NotKnown(key), 409),
            (Error::OldWithKey(key), 409),
            (Error::Replaced { key, primary: key }, 409),
            (Error::Ring(key_ring::Error::Unknown(key)), 404),
            (Error::Ring(key_ring::Error::Retired(key)), 409),
            (Error::Ring(key_ring::Error::RetiresPrimary(key)), 409),
            (Error::Ring(key_ring::Error::NoPrimary), 409),
            (Error::TooSoon { key, wait }, 409),
        ];
        let mut codes = BTreeSet::new();
        for (error, status) in &table {
            let answer = explain(error, &RequestId::from_parts(1, [0; 10]));
            assert_eq!(answer.status.as_u16(), *status, "{error}");
            assert!(answer.message.ends_with('.') && answer.remediation.ends_with('.'));
            codes.insert(answer.code);
        }
        assert_eq!(codes.len(), table.len());
        let late = explain(
            &Error::TooSoon { key, wait },
            &RequestId::from_parts(1, [0; 10]),
        );
        assert_eq!(late.headers[0].1, "60");
    }
}
