//! The platform's error envelope, and the one place where a failure becomes an HTTP answer.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use ids::RequestId;
use serde::Serialize;

/// What a caller is told when a request fails: what was wrong, and what mends it.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) remediation: &'static str,
    pub(crate) fields: Vec<Field>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// One field of the request that cannot be used.
#[derive(Debug, Serialize)]
pub(crate) struct Field {
    pub(crate) field: Cow<'static, str>,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        remediation: &'static str,
    ) -> Self {
        let (fields, headers) = (Vec::new(), Vec::new());
        Self {
            status,
            code,
            message: message.into(),
            remediation,
            fields,
            headers,
        }
    }

    /// What is wrong with a field; the last word on each counts.
    pub(crate) fn field(
        mut self,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let field = field.into();
        self.fields.retain(|known| known.field != field);
        self.fields.push(Field {
            field,
            message: message.into(),
        });
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        let headers = &mut self.headers;
        headers.retain(|(name, _)| name != header::RETRY_AFTER);
        headers.push((header::RETRY_AFTER, seconds.into()));
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "RESOURCE_NOT_FOUND",
            "There is nothing here that this token may see.",
            "Check the path and the project's id, and that the token covers the project.",
        )
    }

    pub(crate) fn internal(error: &(dyn std::error::Error + 'static), request: &RequestId) -> Self {
        tracing::error!(error = %chain(error), %request, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            "Something went wrong on our side.",
            "Try again; if it stays, give the request_id to the operator.",
        )
    }

    pub(crate) fn respond(self, request: &RequestId) -> Response<Full<Bytes>> {
        let docs_url = format!("{DOCS}#{}", self.code.to_ascii_lowercase());
        let body = Envelope {
            error: Inner {
                code: self.code,
                message: &self.message,
                docs_url: &docs_url,
                remediation: self.remediation,
                request_id: request,
                fields: &self.fields,
            },
        };
        let mut response = crate::answer::json(self.status, &body, request);
        response.headers_mut().extend(self.headers);
        response
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: &'static str,
    message: &'a str,
    docs_url: &'a str,
    remediation: &'static str,
    request_id: &'a RequestId,
    #[serde(skip_serializing_if = "<[Field]>::is_empty")]
    fields: &'a [Field],
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// An error's text as a sentence.
pub(crate) fn sentence(error: &(impl std::error::Error + ?Sized)) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let end = if text.ends_with('.') { "" } else { "." };
    let first = first.into_iter().flatten();
    first.chain(letters).chain(end.chars()).collect()
}

const DOCS: &str = "https://docs.memberpass.net/api/errors";
