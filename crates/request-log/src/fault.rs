//! What can be wrong with a segment's body.

use crate::error::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The format has this number, which this version does not know.
    Newer(u8),
    /// It ends in the middle.
    Short,
    Damaged(&'static str),
}

impl Fault {
    /// The same, of a segment.
    pub(crate) fn of(self, segment: i64) -> Error {
        match self {
            Self::Newer(format) => Error::NewerSegment { segment, format },
            Self::Short => Error::DamagedSegment {
                segment,
                why: "it ends in the middle of a record",
            },
            Self::Damaged(why) => Error::DamagedSegment { segment, why },
        }
    }
}
