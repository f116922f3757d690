//! What the steps say, as lines.

use serde_json::{Value, json};

/// How far a rewrapping is.
#[derive(Default)]
pub(super) struct Rewrapped {
    tokens: u64,
    secrets: u64,
    busy: u64,
    unopened_tokens: Vec<Value>,
    unopened_secrets: u64,
}

impl Rewrapped {
    pub(super) fn add(&mut self, share: &Value) {
        let count = |key: &str| share[key].as_u64().unwrap_or_default();
        self.tokens += count("tokens");
        self.secrets += count("secrets");
        self.busy += count("busy");
        self.unopened_secrets += count("unopened_secrets");
        let unopened = share["unopened_tokens"].as_array().cloned();
        self.unopened_tokens.extend(unopened.unwrap_or_default());
    }

    pub(super) const fn sealed(&self) -> u64 {
        self.tokens + self.secrets
    }

    pub(super) fn value(self, found: u64) -> Value {
        json!({
            "found": found,
            "tokens": self.tokens,
            "secrets": self.secrets,
            "busy": self.busy,
            "unopened_tokens": self.unopened_tokens,
            "unopened_secrets": self.unopened_secrets,
        })
    }
}

/// How much is sealed under other keys than the primary one.
pub(super) fn sealed_elsewhere(status: &Value) -> u64 {
    let keys = status["keys"].as_array().map(Vec::as_slice);
    let others = keys.unwrap_or_default().iter();
    others
        .filter(|key| key["state"] != "primary")
        .map(|key| uses(key, "sealed_tokens") + uses(key, "sealed_secrets"))
        .sum()
}

/// What is to be done next.
pub(super) fn next(status: &Value) -> &str {
    status["next"]["sentence"].as_str().unwrap_or_default()
}

pub(super) fn status(status: &Value) -> Vec<String> {
    let keys = status["keys"].as_array().map(Vec::as_slice);
    let mut lines: Vec<String> = keys.unwrap_or_default().iter().flat_map(of_key).collect();
    lines.push(format!("next: {}", next(status)));
    lines
}

pub(super) fn rewrapped(done: &Value) -> Vec<String> {
    let count = |key: &str| done[key].as_u64().unwrap_or_default();
    let mut lines = vec![format!(
        "{} tokens and {} other secrets are sealed under the primary key now",
        count("tokens"),
        count("secrets")
    )];
    if count("busy") > 0 {
        lines.push(format!(
            "{} are being changed: run it again for them",
            count("busy")
        ));
    }
    for bot in done["unopened_tokens"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        lines.push(format!(
            "the token of {} does not open with the keys there are: paste it anew",
            bot.as_str().unwrap_or("-")
        ));
    }
    if count("unopened_secrets") > 0 {
        lines.push(format!(
            "{} secrets of webhook endpoints do not open: `events rotate-secret` gives them new ones",
            count("unopened_secrets")
        ));
    }
    lines
}

fn of_key(key: &Value) -> Vec<String> {
    let parts = [
        ("sealed_tokens", "sealed tokens"),
        ("sealed_secrets", "sealed secrets"),
        ("registrations", "webhooks"),
        ("previous_registrations", "replaced webhooks still accepted"),
    ];
    let needed: Vec<_> = parts
        .into_iter()
        .filter(|(part, _)| uses(key, part) > 0)
        .map(|(part, what)| format!("{} {what}", uses(key, part)))
        .collect();
    let needed = match needed.is_empty() {
        true => "nothing needs it".to_owned(),
        false => needed.join(", "),
    };
    let unknown = match (&key["state"], &key["known"]) {
        (state, known) if state != "retired" && known == false => {
            "  (the running server does not know it yet)"
        }
        _ => "",
    };
    let state = key["state"].as_str().unwrap_or("-");
    let id = key["key"].as_u64().unwrap_or_default();
    let mut lines = vec![format!("{id:>4}  {state:<8} {needed}{unknown}")];
    for bot in key["held_by"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        let (project, bot) = (bot["project"].as_str(), bot["connection"].as_str());
        let (project, bot) = (project.unwrap_or("-"), bot.unwrap_or("-"));
        lines.push(format!("      held by {project} ({bot})"));
    }
    lines
}

fn uses(key: &Value, what: &str) -> u64 {
    key["uses"][what].as_u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_told_with_what_needs_it() {
        let told = json!({"keys": [
            {"key": 1, "state": "open", "known": true, "uses": {"sealed_tokens": 3, "registrations": 2},
                "held_by": [{"connection": "bot_1", "project": "prj_1"}]},
            {"key": 2, "state": "primary", "known": true, "uses": {"sealed_tokens": 9}},
        ], "next": {"step": "rewrap", "sentence": "`keys rewrap` moves it"}});
        let lines = status(&told);
        assert_eq!(lines[0], "   1  open     3 sealed tokens, 2 webhooks");
        assert_eq!(lines[1], "      held by prj_1 (bot_1)");
        assert_eq!(lines[3], "next: `keys rewrap` moves it");
        assert_eq!(sealed_elsewhere(&told), 3);
    }

    #[test]
    fn what_could_not_be_sealed_anew_is_told() {
        let mut done = Rewrapped::default();
        done.add(&json!({"tokens": 2, "secrets": 1, "busy": 1, "unopened_tokens": ["bot_1"], "unopened_secrets": 1}));
        assert_eq!(done.sealed(), 3);
        assert_eq!(rewrapped(&done.value(5)).len(), 4);
    }
}
