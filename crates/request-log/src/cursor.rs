use std::fmt;
use std::str::FromStr;

/// A place in the log. It stays what it is while rows arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) segment: i64,
    /// A record's place in the segment: what comes before it is next.
    pub(crate) position: u32,
}

/// Text that is not a [`Cursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: it is given out with each page")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.segment, self.position)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (segment, position) = text.split_once('.').ok_or(InvalidCursor)?;
        Ok(Self {
            segment: segment.parse().map_err(|_| InvalidCursor)?,
            position: position.parse().map_err(|_| InvalidCursor)?,
        })
    }
}
