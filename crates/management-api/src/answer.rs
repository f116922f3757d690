//! JSON answers, with the headers that every one of them carries.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use ids::RequestId;
use serde::Serialize;

pub(crate) fn json(
    status: StatusCode,
    body: &impl Serialize,
    request: &RequestId,
) -> Response<Full<Bytes>> {
    // Our own answers are maps with text keys, which always serialize; were one not to, it would be empty.
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Full::new(bytes.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(id) = HeaderValue::from_str(request.as_str()) {
        headers.insert("x-request-id", id);
    }
    response
}

/// An answer in the platform's shape: `{"data":…}`.
pub(crate) fn data(
    status: StatusCode,
    data: &impl Serialize,
    request: &RequestId,
) -> Response<Full<Bytes>> {
    #[derive(Serialize)]
    struct Data<'a, T> {
        data: &'a T,
    }
    json(status, &Data { data }, request)
}

/// A page: `{"data":[…],"next_cursor":…}`, which is null when there are no more.
pub(crate) fn page(
    data: &impl Serialize,
    next_cursor: Option<String>,
    request: &RequestId,
) -> Response<Full<Bytes>> {
    #[derive(Serialize)]
    struct Page<'a, T> {
        data: &'a T,
        next_cursor: Option<String>,
    }
    json(StatusCode::OK, &Page { data, next_cursor }, request)
}
