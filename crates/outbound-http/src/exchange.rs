//! One request and its answer over a connection that stands.

use std::error::Error as _;
use std::io;
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::deadline::Deadline;
use crate::error::{Failure, Step};
use crate::target::Target;

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status, whatever it is: a redirect is an answer like any other.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as the server sent it (a compressed one stays compressed), up to the limit.
    pub body: Bytes,
    /// Whether the body went on, or may have: it was longer than the limit, or ended without a sign that this was all.
    pub truncated: bool,
}

/// The longest head of an answer, in bytes, and the most headers in it.
const HEAD_BYTES: usize = 16 << 10;
const HEADERS: usize = 100;

pub(crate) fn request(target: &Target, headers: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from(target.path().clone());
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    // How the message is framed and where it goes is ours to say.
    for ours in [CONTENT_LENGTH, EXPECT, TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(ours);
    }
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    // A target's host has no character that a header may not have.
    if let Ok(host) = HeaderValue::try_from(target.authority()) {
        headers.insert(HOST, host);
    }
    request
}

pub(crate) async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    answer_bytes: usize,
    deadline: &Deadline,
) -> Result<Answer, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD_BYTES).max_headers(HEADERS);
    let opening = http.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opening.map_err(broken)?;
    let talk = async {
        let response = deadline.run(Step::Answer, sender.send_request(request));
        let response = response.await?.map_err(broken)?;
        let reading = read(response, answer_bytes);
        deadline.run(Step::Body, reading).await?
    };
    // The connection is driven here and not by a task, so that it ends with us, whatever becomes of us.
    let mut talk = pin!(talk);
    tokio::select! {
        biased;
        answer = &mut talk => answer,
        _ = connection => talk.await,
    }
}

async fn read(response: Response<Incoming>, limit: usize) -> Result<Answer, Failure> {
    let (head, mut incoming) = response.into_parts();
    let mut body = BytesMut::new();
    let mut truncated = false;
    while let Some(frame) = incoming.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) if ended_without_a_sign(&error, &head.headers) => {
                truncated = true;
                break;
            }
            Err(error) => return Err(broken(error)),
        };
        let room = limit - body.len();
        body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            truncated = true;
            break;
        }
    }
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.freeze(),
        truncated,
    })
}

/// Some servers end a body by closing the connection, and skip TLS's own farewell. Nobody can tell that from a cut.
fn ended_without_a_sign(error: &hyper::Error, headers: &HeaderMap) -> bool {
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING)
}

fn broken(source: hyper::Error) -> Failure {
    let what = if source.is_parse_too_large() {
        "the head of the answer is longer than 16 KiB or has more than 100 headers"
    } else if source.is_parse() {
        "the server answered something that is not HTTP"
    } else {
        "the connection ended before the whole answer had come"
    };
    let source = source.into();
    Failure::Broken { what, source }
}
