//! A request to the Bot API, from its first line to its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

use crate::api::answer::{Answer, Refusal, envelope};
use crate::api::call::Call;
use crate::api::methods::Seen;
use crate::api::{methods, setting, token, updates};
use crate::failures::FailureKind;
use crate::ids::{BotId, Token};
use crate::params::{Params, decode};
use crate::records::Via;
use crate::world::{Shared, World};

/// The most that parameters may take, and the most that we hold of uploads.
const MOST_PARAMETERS: usize = 1 << 20;
const MOST_UPLOADS: usize = 64 << 20;

/// The connection is to be cut instead of answered.
#[derive(Debug)]
pub(crate) struct Cut;

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
struct Route {
    token: String,
    test: bool,
    method: String,
}

/// Answers a request below `/bot…`, and refuses every other path.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    front_end: bool,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    if head.method != Method::GET && head.method != Method::POST {
        return Ok(empty(StatusCode::NOT_IMPLEMENTED));
    }
    let path = decode(head.uri.path().replace('+', "%2B").as_bytes());
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return Ok(file(&shared.look(), rest));
    }
    let Some(route) = route(&path) else {
        return Ok(respond(&Err(Refusal::new(404, "Not Found"))));
    };
    let params = match read_params(head.uri.query(), &head.headers, body).await {
        Ok(params) => params,
        Err(status) => return Ok(empty(status)),
    };
    let token = Token::new(route.token);
    let caller = caller(&head.headers, peer);
    let checked = shared.change(|world| token::admit(world, &token, route.test, caller, front_end));
    match checked {
        Ok(bot) => {
            let call = Call {
                bot,
                method: route.method,
                params,
                via: Via::Http,
            };
            answer(shared, call).await
        }
        Err(refusal) => {
            let refused = Err(refusal);
            shared.change(|world| {
                let seen = Seen {
                    bot: token::owner(world, &token),
                    method: &route.method,
                    params: &params,
                    via: Via::Http,
                };
                let now = world.clock.elapsed();
                methods::write_down(world, &seen, now, &refused);
            });
            Ok(respond(&refused))
        }
    }
}

/// Who calls: behind a proxy, the address that it tells.
fn caller(headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    let told = headers
        .get("x-real-ip")
        .and_then(|value| value.to_str().ok());
    told.and_then(|text| text.parse().ok()).unwrap_or(peer)
}

/// `/bot<token>/<method>` or `/bot<token>/test/<method>`.
fn route(path: &str) -> Option<Route> {
    let (token, rest) = path.strip_prefix("/bot")?.split_once('/')?;
    let method = rest.strip_prefix("test/");
    Some(Route {
        token: token.to_owned(),
        test: method.is_some(),
        method: method.unwrap_or(rest).to_owned(),
    })
}

/// The query string first, so that it wins over the body.
async fn read_params(
    query: Option<&str>,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Params, StatusCode> {
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let limit = if kind.starts_with("multipart/") {
        MOST_UPLOADS
    } else {
        MOST_PARAMETERS
    };
    let body = Limited::new(body, limit)
        .collect()
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?
        .to_bytes();
    let mut params = Params::default();
    params.add_urlencoded(query.unwrap_or_default().as_bytes());
    params.add_body(kind, &body);
    Ok(params)
}

/// Does the call, unless it shall fail.
async fn answer(shared: &Arc<Shared>, call: Call) -> Result<Response<Full<Bytes>>, Cut> {
    let at = shared.clock.elapsed();
    let failure = shared.look().failures.strike(Some(call.bot), &call.method);
    let Some(failure) = failure else {
        let answer = perform(shared, &call, at).await;
        return Ok(respond(&answer));
    };
    let done = match failure {
        FailureKind::CutAfter | FailureKind::Delay(_) => Some(perform(shared, &call, at).await),
        _ => None,
    };
    shared.clock.sleep(failure.wait()).await;
    let refusal = match failure {
        FailureKind::TooManyRequests(seconds) => Refusal::too_many(seconds),
        FailureKind::Unauthorized => Refusal::new(401, "Unauthorized"),
        FailureKind::Status(code) | FailureKind::NotJson(code) => Refusal::new(code, reason(code)),
        FailureKind::CutAfter => return Err(Cut),
        FailureKind::Cut | FailureKind::Silence(_) => {
            write_down(shared, &call, at, &Err(Refusal::new(0, "")));
            return Err(Cut);
        }
        FailureKind::Delay(_) => return done.map(|answer| respond(&answer)).ok_or(Cut),
    };
    let html = matches!(failure, FailureKind::NotJson(_));
    let refused = Err(refusal);
    write_down(shared, &call, at, &refused);
    Ok(if html {
        page(&refused)
    } else {
        respond(&refused)
    })
}

async fn perform(shared: &Shared, call: &Call, at: Duration) -> Answer {
    if call.method.eq_ignore_ascii_case("getUpdates") {
        let answer = updates::get(shared, call).await;
        write_down(shared, call, at, &answer);
        return answer;
    }
    if call.method.eq_ignore_ascii_case("setWebhook")
        && let Some(answer) = setting::set(shared, call).await
    {
        write_down(shared, call, at, &answer);
        return answer;
    }
    shared.change(|world| methods::perform(world, call))
}

fn write_down(shared: &Shared, call: &Call, at: Duration, answer: &Answer) {
    shared.change(|world| methods::record(world, call, at, answer));
}

/// `<token>/<file path>`: the content of a file that one of the bot's calls uploaded.
fn file(world: &World, rest: &str) -> Response<Full<Bytes>> {
    let found = rest.split_once('/').and_then(|(token, path)| {
        let bot: BotId = token::check(world, &Token::new(token.to_owned()), false, true).ok()?;
        world
            .files
            .values()
            .find(|file| file.bot == bot && file.path == path)
    });
    match found {
        Some(file) => Response::new(Full::new(file.content.clone())),
        None => respond(&Err(Refusal::new(404, "Not Found"))),
    }
}

/// An answer as the server writes it.
fn respond(answer: &Answer) -> Response<Full<Bytes>> {
    let (status, body) = envelope(answer);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    if let Err(Refusal {
        retry_after: Some(seconds),
        ..
    }) = answer
    {
        headers.insert(RETRY_AFTER, (*seconds).into());
    }
    response
}

/// What a front end in trouble sends.
fn page(answer: &Answer) -> Response<Full<Bytes>> {
    let (status, _) = envelope(answer);
    let body = format!(
        "<html><body><h1>{status} {}</h1></body></html>",
        reason(status)
    );
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static("text/html"));
    response
}

/// The server's answer to a request that it cannot read: no body, and the connection is closed.
fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONNECTION, http::HeaderValue::from_static("close"));
    response
}

fn reason(code: u16) -> &'static str {
    StatusCode::from_u16(code)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_as_the_server_splits_them() {
        let test = route("/bot1:a/test/getMe").unwrap();
        assert!(test.test);
        assert_eq!((&*test.token, &*test.method), ("1:a", "getMe"));
        assert_eq!(route("/bot1:a/getMe").unwrap().method, "getMe");
        assert_eq!(route("/bot1:a"), None);
        assert_eq!(route("/boo"), None);
    }
}
