//! The chat page for people.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;

/// The whole page: it loads nothing from elsewhere.
pub(crate) fn page() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(include_str!("page.html")));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}
