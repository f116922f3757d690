//! Somebody who is not Telegram sends updates.

use anyhow::{Result, ensure};
use serde_json::json;

use super::bot::{DemoBot, Webhook};
use crate::stage::Stage;
use crate::stage::http::Answer;

/// Wrong secret, wrong path, no such connection: one and the same empty 404.
pub(crate) fn forge(stage: &Stage, bot: &DemoBot) -> Result<String> {
    let webhook = bot.webhook()?;
    let update = json!({"update_id": 900_000_002, "message": {"message_id": 2}});
    let acts = acts(stage, bot)?;
    let mut answers = Vec::new();
    for (what, path, secret) in attempts(&webhook) {
        let answer = stage.server.webhook(&path, secret.as_deref(), &update)?;
        ensure!(
            answer.status == 404,
            "{what} was answered {}",
            answer.status
        );
        ensure!(answer.body.is_empty(), "{what} was answered with a body");
        answers.push((what, without_date(&answer)));
    }
    let (_, first) = answers[0].clone();
    for (what, head) in &answers {
        ensure!(
            *head == first,
            "{what} can be told from the others by its answer: {head:?}, {first:?}"
        );
    }
    ensure!(
        self::acts(stage, bot)? == acts,
        "a forged update made the bot act"
    );
    Ok(format!("{} kinds, each the same empty 404", answers.len()))
}

/// How many calls the bot made that do something. The watch over it may ask Telegram how it is at any time.
fn acts(stage: &Stage, bot: &DemoBot) -> Result<usize> {
    let calls = stage.telegram.calls(bot.id)?;
    let acts = calls.iter().filter(|call| !call.method.starts_with("get"));
    Ok(acts.count())
}

type Attempt = (&'static str, String, Option<String>);

fn attempts(webhook: &Webhook) -> Vec<Attempt> {
    let right = Some(webhook.secret.clone());
    let other_connection = changed(&webhook.path, webhook.path.rfind('/').unwrap_or(1) - 1);
    let other_path = changed(&webhook.path, webhook.path.len() - 2);
    let path = webhook.path.clone();
    vec![
        (
            "a wrong secret",
            path.clone(),
            Some(changed(&webhook.secret, 0)),
        ),
        (
            "a secret that is too long",
            path.clone(),
            Some(format!("{}x", webhook.secret)),
        ),
        ("no secret", path, None),
        ("a wrong path", other_path, right.clone()),
        ("another connection", other_connection, right.clone()),
        ("any path", "/telegram/webhook".to_owned(), right),
        ("the root", "/".to_owned(), None),
    ]
}

/// The text with another character at this place.
fn changed(text: &str, at: usize) -> String {
    let other = |char: char| if char == '0' { '1' } else { '0' };
    text.chars()
        .enumerate()
        .map(|(place, char)| if place == at { other(char) } else { char })
        .collect()
}

fn without_date(answer: &Answer) -> Vec<String> {
    let lines = answer.head.lines().map(str::to_lowercase);
    lines.filter(|line| !line.starts_with("date:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_is_changed() {
        assert_eq!(changed("/a/0b", 3), "/a/1b");
        let webhook = Webhook {
            host: "bots.example.com".to_owned(),
            path: "/telegram/webhook/bot_01/1.1.abcd".to_owned(),
            secret: "s".repeat(43),
        };
        assert_eq!(webhook.key(), "1");
        let paths: Vec<String> = attempts(&webhook)
            .into_iter()
            .map(|(_, path, _)| path)
            .collect();
        assert!(
            paths.contains(&"/telegram/webhook/bot_00/1.1.abcd".to_owned()),
            "{paths:?}"
        );
        assert!(
            paths.contains(&"/telegram/webhook/bot_01/1.1.ab0d".to_owned()),
            "{paths:?}"
        );
    }
}
