//! What the query of a call about updates says.

use http::StatusCode;
use ids::ProjectId;
use update_dispatcher::Seq;

use crate::error::ApiError;

/// Which updates are asked about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) project: Option<ProjectId>,
    pub(super) state: State,
    /// Only those after this number.
    pub(super) cursor: Seq,
    pub(super) limit: usize,
}

/// What became of updates so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Failed,
    Unreadable,
    Waiting,
}

impl Query {
    /// # Errors
    /// A key that there is not, twice the same, or a value that is none.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        let mut query = Self {
            project: None,
            state: State::Failed,
            cursor: Seq::ZERO,
            limit: USUAL,
        };
        let mut seen = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if seen.contains(&key) {
                return Err(
                    invalid("a query names each thing once").field("query", "a key comes twice")
                );
            }
            seen.push(key);
            match key {
                "project" => {
                    query.project = Some(value.parse().map_err(|_| {
                        invalid("this is no project")
                            .field("project", "a project's id, such as prj_7Zq")
                    })?);
                }
                "state" => query.state = State::read(value)?,
                "cursor" => {
                    query.cursor = Seq::new(number(value).ok_or_else(|| {
                        invalid("this is no cursor")
                            .field("cursor", "next_cursor of the page before")
                    })?);
                }
                "limit" => {
                    let limit = number(value).and_then(|limit| usize::try_from(limit).ok());
                    query.limit = limit
                        .filter(|limit| (1..=MOST).contains(limit))
                        .ok_or_else(|| {
                            invalid("this many are not given")
                                .field("limit", "a number from 1 to 200")
                        })?;
                }
                _ => {
                    let known = "project, state, cursor and limit are known";
                    return Err(
                        invalid("the query asks for something unknown").field("query", known)
                    );
                }
            }
        }
        Ok(query)
    }
}

impl State {
    fn read(text: &str) -> Result<Self, ApiError> {
        match text {
            "failed" => Ok(Self::Failed),
            "unreadable" => Ok(Self::Unreadable),
            "waiting" => Ok(Self::Waiting),
            _ => Err(invalid("updates have no such state")
                .field("state", "failed, unreadable or waiting")),
        }
    }
}

/// Something must be said that was not.
pub(super) fn needed(field: &'static str) -> ApiError {
    invalid("the query does not say enough").field(field, "must be given here")
}

fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn invalid(what: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "VALIDATION_FAILED",
        format!("The query cannot be used: {what}."),
        "Mend what `fields` names.",
    )
}

/// Updates in a page unless another number is asked for.
const USUAL: usize = 50;

const MOST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_refused_with_the_field() {
        let query = Query::read("state=unreadable&project=prj_1&cursor=7&limit=200").unwrap();
        assert_eq!(query.project, Some("prj_1".parse().unwrap()));
        assert_eq!(
            (query.state, query.cursor, query.limit),
            (State::Unreadable, Seq::new(7), 200)
        );
        assert_eq!(Query::read("").unwrap().limit, USUAL);
        for (text, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("cursor=x", "cursor"),
            ("cursor=99999999999999999999", "cursor"),
            ("state=", "state"),
            ("state=dead", "state"),
            ("project=7", "project"),
            ("other=1", "query"),
            ("limit=1&limit=1", "query"),
        ] {
            let error = Query::read(text).unwrap_err();
            assert_eq!(error.fields[0].field, field, "{text}");
        }
    }
}
