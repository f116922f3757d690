//! A Telegram that has not seen our 200: it brings again what was acknowledged, at any time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use serde_json::json;

use super::crowd::{Log, Sent};
use super::numbers::Numbers;
use crate::stage::http::Request;
use crate::stage::simulator::Simulator;

/// Between two times that some are brought again.
const PAUSE: Duration = Duration::from_millis(700);

/// How many are, each time.
const AT_ONCE: usize = 6;

/// A bot's webhook, as Telegram was told of it.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) server: SocketAddr,
    pub(crate) path: String,
    pub(crate) secret: String,
}

/// The second deliveries to one bot, going on.
pub(crate) struct Echo {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<usize>>,
}

impl Echo {
    pub(crate) fn begin(
        telegram: Simulator,
        bot: i64,
        to: Webhook,
        sent: Log,
        numbers: Numbers,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || echo(telegram, bot, &to, &sent, numbers, &told));
        Self { stop, thread }
    }

    /// Lets it come to an end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Ends it, and says how many second deliveries were answered 200.
    pub(crate) fn end(self) -> Result<usize> {
        self.stop();
        let thread = self.thread.join();
        thread.map_err(|_| anyhow!("the echo panicked"))?
    }
}

fn echo(
    telegram: Simulator,
    bot: i64,
    to: &Webhook,
    sent: &Log,
    mut numbers: Numbers,
    stop: &AtomicBool,
) -> Result<usize> {
    let (mut seen, mut taken) = (0, 0);
    let mut acknowledged: Vec<i64> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let deliveries = telegram.deliveries_from(bot, seen)?;
        seen += deliveries.len();
        let good = deliveries.iter().filter(|one| one.status == Some(200));
        acknowledged.extend(good.map(|one| one.update_id));
        for _ in 0..AT_ONCE.min(acknowledged.len()) {
            let place = numbers.below(acknowledged.len() as u64);
            let update_id = acknowledged[usize::try_from(place)?];
            // Who said it may not have written that down yet.
            if let Some(again) = find(sent, update_id) {
                taken += usize::from(deliver(to, &again)?);
            }
        }
        thread::sleep(PAUSE);
    }
    Ok(taken)
}

fn find(sent: &Log, update_id: i64) -> Option<Sent> {
    let sent = sent.look();
    let place = sent.binary_search_by_key(&update_id, |sent| sent.update_id);
    place.ok().map(|place| sent[place].clone())
}

/// Whether it was answered 200; while the server is dead or full it is not.
fn deliver(to: &Webhook, again: &Sent) -> Result<bool> {
    let update = json!({"update_id": again.update_id, again.kind: again.content});
    let request = Request::new("POST", &to.path)
        .json(&update)
        .header("X-Telegram-Bot-Api-Secret-Token", &*to.secret);
    let Ok(answer) = request.send(to.server) else {
        return Ok(false);
    };
    ensure!(
        [200, 503].contains(&answer.status),
        "{} was brought again and answered {}",
        again.name,
        answer.status
    );
    Ok(answer.status == 200)
}
