//! What the query of a call says: each key known, and once.

use std::str::FromStr;

use http::StatusCode;

use crate::error::ApiError;

/// The pairs of a query.
#[derive(Debug)]
pub(crate) struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    /// # Errors
    /// A key that is not among `known`, or twice the same.
    pub(crate) fn read(text: Option<&'a str>, known: &[&str]) -> Result<Self, ApiError> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        let text = text.unwrap_or_default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !known.contains(&key) {
                let known = match known {
                    [] => "this call takes none".to_owned(),
                    known => format!("there are {}", known.join(", ")),
                };
                return Err(invalid("it asks for something unknown").field("query", known));
            }
            if pairs.iter().any(|(named, _)| *named == key) {
                return Err(invalid("it names something twice")
                    .field("query", format!("{key} comes twice")));
            }
            pairs.push((key, value));
        }
        Ok(Self(pairs))
    }

    /// The key's value, if it is there. What cannot be read is refused in the words of `shape`.
    pub(crate) fn get<T: FromStr>(
        &self,
        key: &'static str,
        shape: &str,
    ) -> Result<Option<T>, ApiError> {
        let Some((_, value)) = self.0.iter().find(|(named, _)| *named == key) else {
            return Ok(None);
        };
        let read = value.parse();
        read.map(Some)
            .map_err(|_| invalid(&format!("{key} cannot be used")).field(key, shape))
    }

    /// Where the page begins.
    pub(crate) fn cursor<T: FromStr>(&self) -> Result<Option<T>, ApiError> {
        self.get("cursor", "next_cursor of the page before")
    }

    /// How many a page has at most.
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        let shape = "a number from 1 to 100";
        let limit = self.get("limit", shape)?.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(invalid("limit cannot be used").field("limit", shape));
        }
        Ok(limit)
    }
}

fn invalid(what: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "VALIDATION_FAILED",
        format!("The query cannot be used: {what}."),
        "Mend what `fields` names.",
    )
}

/// In a page unless another number is asked for.
const USUAL: u32 = 25;
const MOST: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["cursor", "limit"];

    #[test]
    fn a_query_is_read_or_refused_with_the_field() {
        let query = Query::read(Some("limit=100&cursor=7"), &KNOWN).unwrap();
        assert_eq!(query.cursor::<u32>().unwrap(), Some(7));
        assert_eq!(query.limit().unwrap(), 100);
        let query = Query::read(None, &KNOWN).unwrap();
        assert_eq!(
            (query.cursor::<u32>().unwrap(), query.limit().unwrap()),
            (None, 25)
        );
        for text in ["limit=0", "limit=101", "limit=-1", "limit=", "limit=x"] {
            let query = Query::read(Some(text), &KNOWN).unwrap();
            assert_eq!(
                query.limit().unwrap_err().fields[0].field,
                "limit",
                "{text}"
            );
        }
        for text in ["limit=1&limit=1", "other=1", "Limit=1"] {
            let error = Query::read(Some(text), &KNOWN).unwrap_err();
            assert_eq!(error.fields[0].field, "query", "{text}");
        }
        let query = Query::read(Some("cursor=x"), &KNOWN).unwrap();
        assert_eq!(query.cursor::<u32>().unwrap_err().fields[0].field, "cursor");
    }
}
