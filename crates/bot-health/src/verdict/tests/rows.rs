//! Facts and what they must be called. Sentences and fixes of each row are in `table.txt`.

mod along_the_way;
mod certificates;
mod from_telegram;
mod inside;
mod past;

use super::facts::well;
use crate::verdict::{Facts, VerdictCode};

/// A row of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) facts: Facts,
    /// None: no news.
    pub(super) code: Option<VerdictCode>,
}

/// Every row.
pub(super) fn rows() -> Vec<Row> {
    [
        from_telegram::rows(),
        past::rows(),
        certificates::rows(),
        along_the_way::rows(),
        inside::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A bot that is well but for this.
fn row(
    name: &'static str,
    code: impl Into<Option<VerdictCode>>,
    harm: impl FnOnce(&mut Facts),
) -> Row {
    let mut facts = well();
    harm(&mut facts);
    Row {
        name,
        facts,
        code: code.into(),
    }
}
