//! The bots that a call brings. Nothing of a token is repeated.

use std::collections::HashSet;

use bytes::Bytes;
use ids::ProjectId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use telegram_bot_api::{BotToken, InvalidToken};
use zeroize::Zeroizing;

use crate::body::invalid;
use crate::error::ApiError;

/// One bot.
pub(super) struct Item {
    pub(super) project: ProjectId,
    pub(super) token: Result<BotToken, InvalidToken>,
}

pub(super) fn read(body: Bytes) -> Result<Vec<Item>, ApiError> {
    // These bytes are wiped when they have been read.
    let body = Zeroizing::new(Vec::from(body));
    let object = body.trim_ascii_start().starts_with(b"{");
    let brought: Option<Brought> = object.then(|| serde_json::from_slice(&body).ok()).flatten();
    let brought = brought.ok_or_else(|| {
        invalid("The body is not a JSON object with bots and nothing else.").field("bots", SHAPE)
    })?;
    if !(1..=MOST).contains(&brought.bots.len()) {
        return Err(invalid("These are not as many bots as one call takes.").field("bots", SHAPE));
    }
    let mut projects = HashSet::new();
    if !brought.bots.iter().all(|one| projects.insert(&one.project)) {
        return Err(invalid("A project stands there twice.").field("bots", SHAPE));
    }
    let items = brought.bots.into_iter().map(|one| Item {
        project: one.project,
        token: one.token.expose_secret().parse(),
    });
    Ok(items.collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    bots: Vec<One>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    project: ProjectId,
    token: SecretString,
}

const MOST: usize = 100;
const SHAPE: &str = "1 to 100 of {\"project\":\"prj_…\",\"token\":\"…\"}, each project once";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_read_and_a_bad_token_spoils_only_itself() {
        let good = format!("123456789:{}", "A".repeat(35));
        let body = format!(
            r#"{{"bots":[{{"project":"prj_1","token":"{good}"}},{{"project":"prj_2","token":"x"}}]}}"#
        );
        let items = read(body.into()).ok().unwrap();
        assert!(items[0].token.is_ok() && items[1].token.is_err());
    }

    #[test]
    fn what_is_no_list_of_bots_is_refused_without_an_echo() {
        let one = r#"{"project":"prj_1","token":"secret"}"#;
        let many = [one; 101].join(",");
        for body in [
            String::new(),
            "[]".to_owned(),
            one.to_owned(),
            r#"{"bots":[]}"#.to_owned(),
            format!(r#"{{"bots":[{one},{one}]}}"#),
            format!(r#"{{"bots":[{many}]}}"#),
            format!(r#"{{"bots":[{one}],"bots":[{one}]}}"#),
            format!(r#"{{"bots":[{one}],"other":1}}"#),
            r#"{"bots":[{"project":"prj_1","token":"secret","x":1}]}"#.to_owned(),
            r#"{"bots":[{"project":"7","token":"secret"}]}"#.to_owned(),
        ] {
            let error = read(body.clone().into()).err().unwrap();
            assert_eq!(error.fields[0].field, "bots", "{body}");
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
}
