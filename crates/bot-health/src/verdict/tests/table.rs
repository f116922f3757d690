//! Every row has its code; every rule and every code has its row; and what people read is what was agreed on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::rows::{Row, rows};
use crate::verdict::case::Case;
use crate::verdict::rules::rules;
use crate::verdict::{Decision, VerdictCode, decide};

/// Name, rule, code, sentence and fix of each row.
const AGREED: &str = include_str!("table.txt");

#[test]
fn every_row_has_its_code() {
    for row in rows() {
        let code = decide(&row.facts).verdict().map(|verdict| verdict.code);
        assert_eq!(code, row.code, "{}", row.name);
    }
}

#[test]
fn what_people_read_is_what_was_agreed_on() {
    let told = rows().iter().fold(String::new(), |mut told, row| {
        write!(told, "{}", shown(row)).expect("texts take what is written");
        told
    });
    assert!(
        told == AGREED,
        "if all of this is as it should be, it belongs into table.txt:\n-----\n{told}-----"
    );
}

#[test]
fn every_code_is_reached() {
    let reached: BTreeSet<VerdictCode> = rows().iter().filter_map(|row| row.code).collect();
    assert_eq!(reached, BTreeSet::from(VerdictCode::ALL));
}

#[test]
fn every_rule_is_reached() {
    let reached: BTreeSet<&str> = rows().iter().map(rule_of).collect();
    let all: BTreeSet<&str> = rules().map(|rule| rule.name).collect();
    assert_eq!(reached, all);
    assert_eq!(rules().count(), all.len(), "two rules have one name");
    assert!(rows().len() >= 60);
}

#[test]
fn what_else_is_wrong_is_in_the_evidence() {
    let row = rows()
        .into_iter()
        .find(|row| row.name == "handlers fail, and the certificate expires soon");
    let decision = decide(&row.expect("the row is there").facts);
    let evidence = &decision.verdict().expect("handlers fail").evidence;
    let also: Vec<&str> = evidence
        .iter()
        .map(|one| one.what.as_str())
        .filter(|what| what.starts_with("also"))
        .collect();
    assert_eq!(also.len(), 1, "{evidence:?}");
    assert!(also[0].starts_with("also webhook_certificate (certificate_expires_soon): The bot"));
}

fn shown(row: &Row) -> String {
    let (name, rule) = (row.name, rule_of(row));
    match decide(&row.facts) {
        Decision::News(verdict) => {
            let (code, sentence, fix) = (verdict.code, verdict.sentence, verdict.fix);
            format!("{name}\n  {rule}: {code}\n  {sentence}\n  {fix}\n\n")
        }
        Decision::NoNews { sentence, .. } => format!("{name}\n  {rule}: no news\n  {sentence}\n\n"),
    }
}

fn rule_of(row: &Row) -> &'static str {
    let case = Case::new(&row.facts);
    let rule = rules().find(|rule| (rule.holds)(&case));
    rule.expect("the last rule always holds").name
}
