//! Whether the process lives, and whether it can do its one job now.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use ids::RequestId;
use serde::Serialize;

/// Tells whether updates can be stored. The server asks its inbox; an embedding service asks whatever it has.
pub trait Readiness: Send + Sync {
    /// Everything looked at. The first of them decides; the others are only told.
    fn checks(&self) -> Pin<Box<dyn Future<Output = Vec<Check>> + Send + '_>>;
}

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// Whether the server is not ready without it.
    pub decides: bool,
}

pub(crate) fn live(request: &RequestId) -> Response<Full<Bytes>> {
    #[derive(Serialize)]
    struct Live {
        status: &'static str,
    }
    crate::answer::json(StatusCode::OK, &Live { status: "live" }, request)
}

pub(crate) async fn ready(readiness: &dyn Readiness, request: &RequestId) -> Response<Full<Bytes>> {
    #[derive(Serialize)]
    struct Ready {
        status: &'static str,
        checks: Vec<Check>,
    }
    let checks = readiness.checks().await;
    let ready = checks.iter().all(|check| check.ok || !check.decides);
    let (status, word) = if ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    crate::answer::json(
        status,
        &Ready {
            status: word,
            checks,
        },
        request,
    )
}
