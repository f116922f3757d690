//! One attempt at a call: a request, and its answer in time and in bounds.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy};
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::TokioExecutor;

use super::body::{Fate, RequestBody};
use super::config::ClientConfig;
use super::connector::{ConnectTimedOut, Connector};
use super::multipart::Multipart;
use super::offset::{ClockOffset, Offsets};
use crate::answer::Answer;
use crate::{AnswerFault, BotToken, Call, Error};

/// Speaks HTTP with the Bot API server.
pub(super) struct Exchange {
    pool: Pool<Connector, RequestBody>,
    clock: Clock,
    entropy: Entropy,
    /// What comes before the token, and between the token and the method.
    before_token: String,
    after_token: &'static str,
    answer_timeout: Duration,
    max_answer_bytes: usize,
    offsets: Offsets,
}

impl Exchange {
    pub(super) fn new(
        config: &ClientConfig,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, Error> {
        let connector =
            Connector::new(clock.clone(), config.connect_timeout).map_err(Error::Tls)?;
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(config.idle_connection)
            .build(connector);
        Ok(Self {
            pool,
            clock,
            entropy,
            before_token: format!("{}/bot", config.api_root),
            after_token: if config.test_dc { "/test/" } else { "/" },
            answer_timeout: config.answer_timeout,
            max_answer_bytes: config.max_answer_bytes,
            offsets: Offsets::default(),
        })
    }

    /// Sends a call once and reads whatever is answered, within `left`.
    pub(super) async fn once(
        &self,
        token: &BotToken,
        call: &Call,
        left: Duration,
    ) -> Result<Answer, Error> {
        let started = self.clock.elapsed();
        let (body, content_type) = self.body(call).await?;
        let fate = body.fate();
        let request = self.request(token, call, body, content_type);
        let wait = self.answer_timeout(call).min(left);
        let response = match self.clock.timeout(wait, self.pool.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(broken(error, &fate)),
            Err(_) => return Err(timed_out(&fate)),
        };
        let spent = self.clock.elapsed().saturating_sub(started);
        self.offsets
            .note(response.headers(), self.clock.now(), spent);
        let reading = self.read(response);
        match self
            .clock
            .timeout(left.saturating_sub(spent), reading)
            .await
        {
            Ok(answer) => answer,
            Err(_) => Err(timed_out(&fate)),
        }
    }

    pub(super) fn clock_offset(&self) -> Option<ClockOffset> {
        self.offsets.latest()
    }

    async fn body(&self, call: &Call) -> Result<(RequestBody, HeaderValue), Error> {
        if call.uploads().is_empty() {
            let json = HeaderValue::from_static("application/json");
            return Ok((RequestBody::json(json_text(call)), json));
        }
        // 128 random bits: no part contains them, by chance or by intent.
        let boundary = format!("{:032x}", u128::from_le_bytes(self.entropy.bytes()));
        let parts = Multipart::open(call, &boundary).await?;
        Ok((RequestBody::multipart(parts), multipart_type(&boundary)))
    }

    /// The only place where a token meets an address. Neither is printed anywhere.
    fn request(
        &self,
        token: &BotToken,
        call: &Call,
        body: RequestBody,
        content_type: HeaderValue,
    ) -> Request<RequestBody> {
        let uri = [
            &self.before_token,
            token.expose(),
            self.after_token,
            call.method(),
        ]
        .concat();
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = parsed(&uri);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        let agent = concat!("telegram-bot-api/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        request
    }

    fn answer_timeout(&self, call: &Call) -> Duration {
        if !call.uploads().is_empty() {
            return Duration::MAX;
        }
        let poll = call
            .params()
            .get("timeout")
            .filter(|_| call.is("getUpdates"));
        let poll = poll.and_then(serde_json::Value::as_u64).unwrap_or(0);
        self.answer_timeout
            .saturating_add(Duration::from_secs(poll))
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Answer, Error> {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let mut incoming = response.into_body();
        let limit = self.max_answer_bytes;
        let mut body = Vec::with_capacity(capacity(incoming.size_hint().lower(), limit));
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| Error::Network {
                ambiguous: true,
                source: error.into(),
            })?;
            let data = frame.into_data().unwrap_or_default();
            if body.len() + data.len() > limit {
                let fault = AnswerFault::TooLong { limit };
                return Err(Error::UnexpectedAnswer { status, fault });
            }
            body.extend_from_slice(&data);
        }
        Ok(Answer {
            status,
            retry_after,
            body,
        })
    }
}

/// How much room to make beforehand: what the server announces, as far as it is credible.
fn capacity(announced: u64, limit: usize) -> usize {
    const CREDIBLE_BYTES: usize = 1 << 20;
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    announced.min(limit).min(CREDIBLE_BYTES)
}

fn timed_out(fate: &Fate) -> Error {
    let ambiguous = fate.has_begun();
    Error::TimedOut { ambiguous }
}

fn broken(error: hyper_util::client::legacy::Error, fate: &Fate) -> Error {
    if let Some(fault) = fate.take_fault() {
        return fault;
    }
    let ambiguous = fate.has_begun();
    if !ambiguous && is_caused_by::<ConnectTimedOut>(&error) {
        return Error::TimedOut { ambiguous };
    }
    // hyper gives connectors the server's name alone, so no source knows the address with the token in it.
    Error::Network {
        ambiguous,
        source: error.into(),
    }
}

fn is_caused_by<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    error.is::<E>() || error.source().is_some_and(is_caused_by::<E>)
}

#[expect(
    clippy::expect_used,
    reason = "a root that parsed, a token of base64url and a method of letters and digits make an address"
)]
fn parsed(uri: &str) -> Uri {
    uri.parse().expect("an address made of checked parts")
}

#[expect(
    clippy::expect_used,
    reason = "a map of JSON values has string keys and no serializer that fails"
)]
fn json_text(call: &Call) -> Bytes {
    let text = serde_json::to_vec(call.params()).expect("JSON values serialize");
    text.into()
}

#[expect(clippy::expect_used, reason = "a boundary is 32 hexadecimal digits")]
fn multipart_type(boundary: &str) -> HeaderValue {
    let text = format!("multipart/form-data; boundary={boundary}");
    HeaderValue::from_str(&text).expect("a header of plain letters")
}
