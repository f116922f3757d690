//! What became of the bots so far.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

/// The code of a token that is kept until Telegram accepts it.
pub(super) const NOT_YET: &str = "BOT_TOKEN_NOT_ACCEPTED_YET";

pub(super) struct Tally {
    total: usize,
    results: Vec<Value>,
    /// How many had which outcome.
    counts: BTreeMap<String, usize>,
}

impl Tally {
    pub(super) fn of(total: usize) -> Self {
        let (results, counts) = (Vec::new(), BTreeMap::new());
        Self {
            total,
            results,
            counts,
        }
    }

    /// Notes what became of a line; answers what is to be said of it, if something went wrong.
    pub(super) fn note(&mut self, line: usize, mut result: Value) -> Option<String> {
        let not_yet = result["failure"]["code"] == NOT_YET;
        let outcome = match result["outcome"].as_str().unwrap_or("later") {
            _ if not_yet => "kept",
            outcome => outcome,
        };
        *self.counts.entry(outcome.to_owned()).or_default() += 1;
        let text = |key: &str| result["failure"][key].as_str().unwrap_or_default();
        let complaint = result["failure"].is_object().then(|| {
            let project = result["project_id"].as_str().unwrap_or_default();
            let (message, remedy) = (text("message"), text("remediation"));
            format!(
                "line {line}, {project}: {message} {remedy} ({})",
                text("code")
            )
        });
        result["line"] = line.into();
        self.results.push(result);
        complaint
    }

    /// How far it is.
    pub(super) fn line(&self) -> String {
        format!("{} of {}: {}", self.results.len(), self.total, self.told())
    }

    /// How many are not connected, and will not be by themselves.
    pub(super) fn missing(&self) -> usize {
        let count = |outcome: &str| self.counts.get(outcome).copied().unwrap_or_default();
        count("refused") + count("later") + (self.total - self.results.len())
    }

    /// For machines.
    pub(super) fn results(&self) -> Value {
        json!({"total": self.total, "counts": self.counts, "results": self.results})
    }

    fn told(&self) -> String {
        let counts = self.counts.iter();
        let told: Vec<_> = counts
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        match told.is_empty() {
            true => "none yet".to_owned(),
            false => told.join(", "),
        }
    }
}

/// The summary.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bots: {}", self.total, self.told())?;
        match self.total - self.results.len() {
            0 => Ok(()),
            left => write!(f, "; {left} were not reached"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_bots_is_counted_and_told() {
        let mut tally = Tally::of(4);
        let done = json!({"project_id": "prj_1", "outcome": "connected"});
        assert_eq!(tally.note(1, done), None);
        let failure = json!({"code": "BOT_TOKEN_NOT_VALID", "message": "No.", "remediation": "Copy it again."});
        let refused = json!({"project_id": "prj_2", "outcome": "refused", "failure": failure});
        let complaint = tally.note(2, refused).unwrap();
        assert_eq!(
            complaint,
            "line 2, prj_2: No. Copy it again. (BOT_TOKEN_NOT_VALID)"
        );
        let kept = json!({"project_id": "prj_3", "outcome": "later", "failure": {"code": NOT_YET}});
        tally.note(3, kept);
        assert_eq!(tally.line(), "3 of 4: 1 connected, 1 kept, 1 refused");
        assert_eq!(tally.missing(), 2);
        assert!(tally.to_string().ends_with("; 1 were not reached"));
    }
}
