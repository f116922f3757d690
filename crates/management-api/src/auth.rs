//! Who is calling, and what they may do.

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use ids::{ProjectId, RequestId};

use crate::error::ApiError;
use crate::tokens::{Abilities, Ability, ApiTokens};

/// The bearer of a good token.
pub(crate) struct Caller {
    abilities: Abilities,
    project: Option<ProjectId>,
}

impl Caller {
    pub(crate) fn covers(&self, project: &ProjectId) -> bool {
        self.project.as_ref().is_none_or(|only| only == project)
    }

    /// Whether it is for all projects.
    pub(crate) fn covers_all(&self) -> bool {
        self.project.is_none()
    }

    /// The one project that it is for.
    pub(crate) fn project(&self) -> Option<&ProjectId> {
        self.project.as_ref()
    }

    pub(crate) fn may(&self, ability: Ability) -> Result<(), ApiError> {
        if self.abilities.contains(ability) {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "TOKEN_MISSING_ABILITY",
            format!("This token lacks the ability {}.", ability.as_str()),
            "Use a token that has it; `memberpass-telegram token mint --ability …` makes one.",
        ))
    }
}

pub(crate) async fn caller(
    headers: &HeaderMap,
    tokens: &ApiTokens,
    request: &RequestId,
) -> Result<Caller, ApiError> {
    let presented = bearer(headers).ok_or_else(unauthenticated)?;
    let token = tokens
        .verify(presented)
        .await
        .map_err(|error| ApiError::internal(&error, request))?;
    let token = token.ok_or_else(unauthenticated)?;
    Ok(Caller {
        abilities: token.abilities,
        project: token.project,
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let only = given.next().filter(|_| given.next().is_none())?;
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn unauthenticated() -> ApiError {
    let mut error = ApiError::new(
        StatusCode::UNAUTHORIZED,
        "UNAUTHENTICATED",
        "There is no valid API token in the Authorization header.",
        "Send `Authorization: Bearer mpt_…`; the first token is in the file api-token of the data directory.",
    );
    error
        .headers
        .push((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
    error
}
