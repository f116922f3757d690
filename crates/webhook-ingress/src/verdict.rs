//! How a request ends, and what the sender hears of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use http_listener::BodyFault;
use request_log::Outcome;
use update_inbox::{Receipt, Refused};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// When Telegram should come again.
    retry_after: Option<Duration>,
}

impl Verdict {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            retry_after: None,
        }
    }

    pub(crate) fn overloaded(retry_after: Duration) -> Self {
        Self {
            outcome: Outcome::RejectedOverloaded,
            retry_after: Some(retry_after),
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self.outcome {
            Outcome::Accepted
            | Outcome::Duplicate
            | Outcome::IgnoredDisconnected
            | Outcome::Quarantined => StatusCode::OK,
            Outcome::RejectedMalformed => StatusCode::BAD_REQUEST,
            Outcome::RejectedTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Outcome::RejectedTimedOut => StatusCode::REQUEST_TIMEOUT,
            Outcome::RejectedOverloaded | Outcome::RejectedUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            // Whoever has not proved to be Telegram learns nothing, not even what was wrong.
            _ => StatusCode::NOT_FOUND,
        }
    }

    /// Always without a body: Telegram would take one for a Bot API call to make (`docs/TELEGRAM.md`: Acknowledgement).
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        *response.status_mut() = self.status();
        if let Some(span) = self.retry_after {
            // A whole number of seconds is all that Telegram reads, and a 0 would bring it back at once.
            let seconds = span.as_secs().max(1);
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Receipt> for Verdict {
    fn from(receipt: Receipt) -> Self {
        Self::new(match receipt {
            Receipt::Stored => Outcome::Accepted,
            Receipt::Duplicate => Outcome::Duplicate,
        })
    }
}

impl From<Refused> for Verdict {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full { retry_after } => Self::overloaded(retry_after),
            Refused::Unavailable => Self::new(Outcome::RejectedUnavailable),
        }
    }
}

impl From<BodyFault> for Verdict {
    fn from(fault: BodyFault) -> Self {
        Self::new(match fault {
            BodyFault::TooLarge => Outcome::RejectedTooLarge,
            BodyFault::TimedOut => Outcome::RejectedTimedOut,
            BodyFault::Cut => Outcome::RejectedCut,
        })
    }
}
