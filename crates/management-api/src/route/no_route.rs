use http::{Method, StatusCode, header};

use crate::error::ApiError;

/// Why there is no such call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// The path is known, but not with this method; these it has.
    Method(&'static str),
    /// The path is not known.
    Path,
    /// What stands where a project's id belongs is none.
    Project,
}

/// The call, if it is made with the one method that its path has.
pub(super) fn only<T>(
    given: &Method,
    wanted: &Method,
    call: T,
    allow: &'static str,
) -> Result<T, NoRoute> {
    if given == wanted {
        Ok(call)
    } else {
        Err(NoRoute::Method(allow))
    }
}

/// A positive number, as it is written.
pub(super) fn number(text: &str) -> Result<i64, NoRoute> {
    let number: i64 = text.parse().map_err(|_| NoRoute::Path)?;
    let written = number > 0 && number.to_string() == text;
    written.then_some(number).ok_or(NoRoute::Path)
}

impl From<NoRoute> for ApiError {
    fn from(fault: NoRoute) -> Self {
        match fault {
            NoRoute::Path => Self::not_found(),
            NoRoute::Project => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "VALIDATION_FAILED",
                "The project's id in the path is not one.",
                "Give the id as the platform writes it.",
            )
            .field("project", "prj_ and 1 to 64 characters of 0-9A-Za-z"),
            NoRoute::Method(allow) => {
                let mut error = Self::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "METHOD_NOT_ALLOWED",
                    format!("This path takes {allow}."),
                    "Use one of these methods.",
                );
                error
                    .headers
                    .push((header::ALLOW, header::HeaderValue::from_static(allow)));
                error
            }
        }
    }
}
