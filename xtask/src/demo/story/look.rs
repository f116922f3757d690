//! A look at what is left: no secrets, and how long things took.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::bot::DemoBot;
use crate::demo::figures::{fdatasync_median, percentile};
use crate::demo::secrets::Secrets;
use crate::stage::Stage;
use crate::stage::process::eventually;
use crate::steps::shown;

/// Chats of the measurement, one message each: no lane waits for another.
const FIRST_CHAT: i64 = 6_000;
const MESSAGES: i64 = 100;

/// Twenty a second: below Telegram's limit for messages of one bot.
const REST: Duration = Duration::from_millis(50);

/// Neither token nor webhook is in any file, log or answer.
pub(crate) fn secrets(stage: &Stage, bot: &DemoBot) -> Result<String> {
    let mut secrets = Secrets::default();
    for token in &bot.tokens {
        secrets.add("bot token", token);
        secrets.add(
            "secret half of a bot token",
            token.split_once(':').map_or("", |(_, secret)| secret),
        );
    }
    for webhook in bot.webhooks()? {
        secrets.add("secret token", &webhook.secret);
        let path_secret = webhook.path.rsplit(['.', '/']).next().unwrap_or_default();
        ensure!(
            path_secret.len() >= 22,
            "the webhook's path ends in no secret"
        );
        secrets.add("path secret", path_secret);
    }
    let (files, bytes) = secrets.absent_from_files(&stage.server.data)?;
    let log = stage.scratch.path().join("memberpass-telegram.log");
    let log = std::fs::read(log).context("the server wrote no log")?;
    ensure!(!log.is_empty(), "the server's log is empty");
    secrets.absent_from("the server's log", &log)?;
    let answers = stage.server.answers();
    for answer in &answers {
        secrets.absent_from("an answer of the API", answer.as_bytes())?;
    }
    Ok(format!(
        "none of {} in {files} files ({bytes} bytes), {} bytes of log, {} answers",
        secrets.count(),
        log.len(),
        answers.len()
    ))
}

/// From the webhook's POST to the bot's sendMessage, beside what the disk needs to keep a page.
pub(crate) fn timings(stage: &Stage, bot: &DemoBot) -> Result<String> {
    for number in 0..MESSAGES {
        stage.telegram.send(bot.id, FIRST_CHAT + number, "/start")?;
        thread::sleep(REST);
    }
    let answered = eventually("an answer to each message", Duration::from_secs(60), || {
        let answered = first_messages(bot)?;
        let measured = answered.range(FIRST_CHAT..FIRST_CHAT + MESSAGES).count();
        Ok((measured == usize::try_from(MESSAGES)?).then_some(answered))
    })?;
    let mut times = Vec::new();
    for update in stage.telegram.updates(bot.id)? {
        let chat = update
            .chat
            .filter(|chat| (FIRST_CHAT..FIRST_CHAT + MESSAGES).contains(chat));
        if let (Some(chat), Some(posted)) = (chat, update.first_post_us) {
            times.push(Duration::from_micros(
                answered[&chat].saturating_sub(posted),
            ));
        }
    }
    let median = percentile(&times, 50).context("nothing was measured")?;
    let high = percentile(&times, 99).context("nothing was measured")?;
    let disk = fdatasync_median(&stage.server.data)?;
    Ok(format!(
        "POST to sendMessage: median {}, p99 {}; fdatasync: median {}; {} messages",
        shown(median),
        shown(high),
        shown(disk),
        times.len()
    ))
}

/// When the bot first wrote to each chat.
fn first_messages(bot: &DemoBot) -> Result<BTreeMap<i64, u64>> {
    let mut first = BTreeMap::new();
    for call in bot.calls("sendMessage")? {
        if let Ok(chat) = call.parameter("chat_id").parse() {
            first.entry(chat).or_insert(call.at_us);
        }
    }
    Ok(first)
}
