//! The lines of a file. Nothing of a line is repeated in what is said of it: it holds a token.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use ids::ProjectId;
use serde::Deserialize;

/// One bot.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) project: ProjectId,
    pub(super) token: String,
    /// How often it was put off.
    pub(super) attempts: u8,
}

/// # Errors
/// When the file cannot be read, or any line of it is no bot: then none is connected.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    }
    .with_context(|| format!("{} cannot be read", path.display()))?;
    parse(&text)
}

fn parse(text: &str) -> anyhow::Result<Vec<Line>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Bot {
        project: String,
        token: String,
    }
    let mut seen: HashMap<ProjectId, usize> = HashMap::new();
    let mut bots: HashMap<String, usize> = HashMap::new();
    let mut lines = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let number = place + 1;
        if line.trim().is_empty() {
            continue;
        }
        let Ok(Bot { project, token }) = serde_json::from_str(line) else {
            bail!(
                "line {number} is not {{\"project\":\"prj_…\",\"token\":\"…\"}} and nothing else; nothing was connected"
            );
        };
        let Ok(project) = project.parse::<ProjectId>() else {
            bail!("line {number}: the project is none, such as prj_7Zq; nothing was connected");
        };
        if let Some(before) = seen.insert(project.clone(), number) {
            bail!(
                "line {number}: {project} is on line {before} too, and a project has one bot; nothing was connected"
            );
        }
        // What stands before the colon says whose bot it is; without one the server says what is wrong.
        let bot = token.split_once(':').map(|(bot, _)| bot.to_owned());
        if let Some(before) = bot.and_then(|bot| bots.insert(bot, number)) {
            bail!(
                "line {number}: the token is of the bot of line {before}, and a bot has one project; nothing was connected"
            );
        }
        lines.push(Line {
            number,
            project,
            token,
            attempts: 0,
        });
    }
    ensure!(!lines.is_empty(), "there is no bot in it");
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_named() {
        let good = "\n{\"project\":\"prj_1\",\"token\":\"1:secret\"}\n\n{\"project\":\"prj_2\",\"token\":\"2:x\"}\n";
        let lines = parse(good).unwrap();
        assert_eq!((lines[0].number, lines[1].number), (2, 4));
        let first = "{\"project\":\"prj_1\",\"token\":\"1:secret\"}\n";
        for (second, told) in [
            ("1:secret", "line 2 is not"),
            ("{\"project\":\"prj_2\"}", "line 2 is not"),
            (
                "{\"project\":\"prj_2\",\"token\":\"secret\",\"x\":1}",
                "line 2 is not",
            ),
            (
                "{\"project\":\"secret\",\"token\":\"secret\"}",
                "line 2: the project",
            ),
            (
                "{\"project\":\"prj_1\",\"token\":\"secret\"}",
                "line 2: prj_1 is on line 1",
            ),
            (
                "{\"project\":\"prj_2\",\"token\":\"1:other secret\"}",
                "line 2: the token is of the bot of line 1",
            ),
        ] {
            let error = parse(&format!("{first}{second}\n"))
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with(told) && !error.contains("secret"),
                "{error}"
            );
        }
        assert!(parse("\n").is_err());
    }
}
