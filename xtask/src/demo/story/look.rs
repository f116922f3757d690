//! A look at what is left: no secrets, and how long things took.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::bot::DemoBot;
use super::cast::Cast;
use crate::demo::figures::{fdatasync_median, percentile};
use crate::demo::secrets::Secrets;
use crate::stage::Stage;
use crate::stage::events::Events;
use crate::stage::process::eventually;
use crate::steps::shown;

/// Chats of the measurement, one message each: no lane waits for another.
const FIRST_CHAT: i64 = 6_000;
const MESSAGES: i64 = 100;

/// Twenty a second: below Telegram's limit for messages of one bot.
const REST: Duration = Duration::from_millis(50);

/// A service of the platform's begins to hear of bots.
pub(crate) fn hear(stage: &Stage, events: &Events) -> Result<String> {
    let secret = stage.server.tell_events(&events.url())?;
    events.expect_secret(&secret);
    Ok(format!(
        "{}, which verifies each event with OpenSSL",
        events.url()
    ))
}

/// Neither a token, nor a webhook, nor what signs events is in any file, log, answer or event.
pub(crate) fn secrets(stage: &Stage, cast: &Cast, events: &Events) -> Result<String> {
    let mut secrets = Secrets::default();
    for bot in cast.all() {
        add_bot(&mut secrets, bot)?;
    }
    let signing = events.secret();
    secrets.add("secret that signs events", &signing);
    let (_, random) = signing
        .split_once('_')
        .context("the secret that signs events has no prefix")?;
    secrets.add("random half of the secret that signs events", random);
    let (files, bytes) = secrets.absent_from_files(&stage.server.data)?;
    let log = stage.scratch.path().join("memberpass-telegram.log");
    let log = std::fs::read(log).context("the server wrote no log")?;
    ensure!(!log.is_empty(), "the server's log is empty");
    secrets.absent_from("the server's log", &log)?;
    let answers = stage.server.answers();
    for answer in &answers {
        secrets.absent_from("an answer of the API", answer.as_bytes())?;
    }
    let heard = events.all()?;
    for event in &heard {
        secrets.absent_from("an event", event.text.as_bytes())?;
    }
    Ok(format!(
        "none of {} in {files} files ({bytes} bytes), {} bytes of log, {} answers, {} events",
        secrets.count(),
        log.len(),
        answers.len(),
        heard.len()
    ))
}

fn add_bot(secrets: &mut Secrets, bot: &DemoBot) -> Result<()> {
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
    Ok(())
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
