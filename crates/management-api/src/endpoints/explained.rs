use http::StatusCode;
use ids::RequestId;
use platform_events::Error;

use crate::body::invalid;
use crate::error::{ApiError, sentence};

/// How a failure of the events is told.
pub(super) fn explain(error: &Error, request: &RequestId) -> ApiError {
    let gone = |remediation| {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "RESOURCE_NOT_FOUND",
            sentence(error),
            remediation,
        )
    };
    let conflict =
        |code, remediation| ApiError::new(StatusCode::CONFLICT, code, sentence(error), remediation);
    match error {
        Error::LongDescription => invalid("The description cannot be used.")
            .field("description", "a text of at most 200 characters"),
        Error::NoSuchDelivery => gone("Look at the endpoint's deliveries: old ones are deleted."),
        Error::NoSuchEndpoint => gone("GET /v1/webhook-endpoints lists those there are."),
        Error::NotDead => conflict(
            "DELIVERY_NOT_DEAD",
            "Wait: it is tried again by itself, or it was taken already.",
        ),
        Error::Refused(refusal) => {
            invalid("This URL is not called from here.").field("url", sentence(refusal))
        }
        Error::TooManyEndpoints => conflict(
            "TOO_MANY_ENDPOINTS",
            "Delete an endpoint that nobody needs.",
        ),
        error => ApiError::internal(error, request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_that_callers_can_mend_says_how() {
        let refusal = outbound_http::Refusal::NotHttps;
        for (error, status, code) in [
            (Error::LongDescription, 422, "VALIDATION_FAILED"),
            (Error::Refused(refusal), 422, "VALIDATION_FAILED"),
            (Error::NoSuchDelivery, 404, "RESOURCE_NOT_FOUND"),
            (Error::NoSuchEndpoint, 404, "RESOURCE_NOT_FOUND"),
            (Error::NotDead, 409, "DELIVERY_NOT_DEAD"),
            (Error::TooManyEndpoints, 409, "TOO_MANY_ENDPOINTS"),
        ] {
            let answer = explain(&error, &RequestId::from_parts(1, [0; 10]));
            assert_eq!((answer.status.as_u16(), answer.code), (status, code));
            assert!(answer.message.ends_with('.') && answer.remediation.ends_with('.'));
            assert_eq!(answer.fields.is_empty(), status != 422, "{error}");
        }
    }
}
