//! What is printed, and written into a document: tables, and limits that were kept or not.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// All that one run found.
#[derive(Default)]
pub(crate) struct Report {
    blocks: Vec<(String, String)>,
    broken: Vec<String>,
}

impl Report {
    /// Prints a block of Markdown and keeps it under its name.
    pub(crate) fn add(&mut self, name: &str, markdown: String) {
        println!("\n## {name}\n\n{markdown}");
        self.blocks.push((name.to_owned(), markdown));
    }

    /// Notes whether a figure is within its limit; answers a line of Markdown that says so.
    pub(crate) fn limit(&mut self, what: &str, value: f64, most: f64, unit: &str) -> String {
        let is_kept = value <= most;
        let verdict = if is_kept { "kept" } else { "**broken**" };
        let line = format!("- {what}: {value:.2}{unit}, limit {most:.2}{unit}: {verdict}\n");
        if !is_kept {
            self.broken.push(line.trim_end().to_owned());
        }
        line
    }

    /// Replaces in a document what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`, for each block.
    pub(crate) fn write(&self, document: &Path) -> Result<()> {
        let mut text = fs::read_to_string(document)
            .with_context(|| format!("cannot read {}", document.display()))?;
        for (name, markdown) in &self.blocks {
            text = replaced(&text, name, markdown)
                .with_context(|| format!("{} has no marks for {name}", document.display()))?;
        }
        fs::write(document, text).with_context(|| format!("cannot write {}", document.display()))
    }

    /// An error that names every limit that was broken.
    pub(crate) fn verdict(self) -> Result<()> {
        if self.broken.is_empty() {
            return Ok(());
        }
        bail!("limits were broken:\n{}", self.broken.join("\n"))
    }
}

fn replaced(text: &str, name: &str, markdown: &str) -> Option<String> {
    let (from, to) = (
        format!("<!-- bench:{name} -->"),
        format!("<!-- /bench:{name} -->"),
    );
    let start = text.find(&from)? + from.len();
    let end = start + text[start..].find(&to)?;
    Some(format!(
        "{}\n\n{}\n\n{}",
        &text[..start],
        markdown.trim(),
        &text[end..]
    ))
}

/// A table of Markdown.
pub(crate) fn table(heads: &[impl AsRef<str>], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| head.as_ref().to_owned()).collect();
    let rule = vec!["---".to_owned(); heads.len()];
    let rows: String = rows.iter().map(|row| line(row)).collect();
    line(&heads) + &line(&rule) + &rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_takes_the_place_of_the_one_before() {
        let text = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb";
        let new = replaced(text, "x", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\nb");
        assert_eq!(replaced(&new, "x", "new").unwrap(), new);
        assert_eq!(replaced(text, "y", "new"), None);
    }

    #[test]
    fn a_broken_limit_is_an_error() {
        let mut report = Report::default();
        assert!(report.limit("memory", 79.0, 80.0, " MB").contains("kept"));
        assert!(report.verdict().is_ok());
        let mut report = Report::default();
        report.limit("memory", 81.0, 80.0, " MB");
        assert!(
            report
                .verdict()
                .unwrap_err()
                .to_string()
                .contains("81.00 MB, limit 80.00 MB")
        );
    }
}
