//! One request to an endpoint, and what came of it.

use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use ids::EventId;
use outbound_http::Answer;

use crate::addressee::{Addressee, Ready};
use crate::platform_events::Inner;
use crate::sanitized;
use crate::signature::Keys;

/// An event as it is sent.
pub(crate) struct Message {
    pub(crate) id: EventId,
    pub(crate) kind: String,
    pub(crate) body: Bytes,
}

/// What came of an attempt.
pub(crate) struct Outcome {
    /// When it began: the time that is signed.
    pub(crate) at: Timestamp,
    pub(crate) took: Duration,
    /// What was answered, if anything was.
    pub(crate) status: Option<u16>,
    /// Why this was no delivery, in a sentence of ours.
    pub(crate) failure: Option<String>,
    /// How the answer began that was no acceptance.
    pub(crate) answer: Option<String>,
}

/// Signs, sends and judges. Failures are outcomes.
pub(crate) async fn send(inner: &Inner, to: &Addressee, message: &Message) -> Outcome {
    let (at, started) = (inner.clock.now(), inner.clock.elapsed());
    let mut outcome = match to.ready(&inner.vault, at) {
        Ok(ready) => post(inner, &ready, message, at).await,
        Err(why) => Outcome::failed(at, why.into()),
    };
    outcome.took = inner.clock.elapsed().saturating_sub(started);
    outcome
}

async fn post(inner: &Inner, to: &Ready, message: &Message, at: Timestamp) -> Outcome {
    let Ok(headers) = headers(&to.keys, message, at) else {
        return Outcome::failed(at, "the event's name cannot be sent in a header".into());
    };
    let body = message.body.clone();
    match inner.outbound.post(&to.target, headers, body).await {
        Ok(answer) => Outcome::judged(at, &answer),
        Err(failure) => Outcome::failed(at, failure.to_string()),
    }
}

fn headers(keys: &Keys, message: &Message, at: Timestamp) -> Result<HeaderMap, InvalidHeaderValue> {
    let signature = HeaderValue::try_from(keys.sign(at, &message.body))?;
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (SIGNATURE, signature),
        (EVENT_ID, HeaderValue::try_from(message.id.as_str())?),
        (EVENT_NAME, HeaderValue::try_from(&message.kind)?),
    ]))
}

impl Outcome {
    fn judged(at: Timestamp, answer: &Answer) -> Self {
        let status = answer.status.as_u16();
        let failure = match status {
            200..=299 => None,
            300..=399 => Some(format!(
                "the endpoint answered {status}, and redirects are not followed: give the address that it leads to"
            )),
            _ => Some(format!("the endpoint answered {status}")),
        };
        Self {
            at,
            took: Duration::ZERO,
            status: Some(status),
            answer: failure
                .as_ref()
                .and_then(|_| sanitized::beginning(&answer.body)),
            failure,
        }
    }

    fn failed(at: Timestamp, why: String) -> Self {
        Self {
            at,
            took: Duration::ZERO,
            status: None,
            failure: Some(why),
            answer: None,
        }
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("mp-signature");
const EVENT_ID: HeaderName = HeaderName::from_static("mp-event-id");
const EVENT_NAME: HeaderName = HeaderName::from_static("mp-event-name");
