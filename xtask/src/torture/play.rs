//! The server under load, dying and coming back, with everything written down by the simulated Telegram.

use std::collections::{HashMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::check::{Handled, Story, Told};
use super::crowd::{Crowd, Log};
use super::echo::{Echo, Webhook};
use super::numbers::Numbers;
use super::schedule::End;
use crate::scratch::Scratch;
use crate::stage::process::eventually;
use crate::stage::simulator::{Bot, Call, Update};
use crate::stage::{Setting, Stage};

const BOTS: u64 = 3;

/// The longest that a point is waited for before the server is killed instead.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest that the simulator may take to hear of the server's end.
const HEARING: Duration = Duration::from_secs(10);

/// The longest that updates to be acknowledged are waited for: after failures Telegram rests.
const LONG: Duration = Duration::from_secs(60);

const SIGABRT: i32 = 6;

/// The environment of the server.
pub(crate) type Environment = Vec<(String, String)>;

/// A run of the server under load.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    /// Of every start of the server from now on.
    pub(crate) environment: Environment,
    bots: Vec<Bot>,
    crowds: Vec<Crowd>,
    echoes: Vec<Echo>,
    crashes: Vec<u64>,
}

/// Everything that happened, and whether Telegram got rid of everything.
pub(crate) struct Ended {
    pub(crate) story: Story,
    pub(crate) sent: usize,
    /// Updates that Telegram still has.
    pub(crate) kept: usize,
    /// Second deliveries that were answered 200.
    pub(crate) echoed: usize,
}

impl Play {
    /// Starts both programs, connects the bots and lets people talk. Calls take so long that acknowledged updates wait in the
    /// server when it dies.
    pub(crate) fn open(
        seed: u64,
        scratch: Scratch,
        setting: Setting<'_>,
        slowness: Duration,
    ) -> Result<Self> {
        let environment = setting.environment.clone();
        let mut stage = Stage::open(scratch, setting)?;
        stage.until_ready()?;
        let telegram = stage.telegram;
        let mut play = Self {
            stage,
            environment,
            bots: Vec::new(),
            crowds: Vec::new(),
            echoes: Vec::new(),
            crashes: Vec::new(),
        };
        for number in 0..BOTS {
            let bot = telegram.new_bot("Torture", &format!("torture_{number}_bot"))?;
            play.stage
                .server
                .connect(&format!("prj_torture{number}"), &bot.token)?;
            for method in ["answerCallbackQuery", "sendMessage"] {
                telegram.slow_down(bot.id, method, slowness)?;
            }
            let crowd = Crowd::gather(telegram, bot.id, Numbers::new(seed, 100 + number));
            let (to, numbers) = (play.webhook(&bot)?, Numbers::new(seed, 200 + number));
            let echo = Echo::begin(telegram, bot.id, to, crowd.sent(), numbers);
            play.crowds.push(crowd);
            play.echoes.push(echo);
            play.bots.push(bot);
        }
        Ok(play)
    }

    fn webhook(&self, bot: &Bot) -> Result<Webhook> {
        let calls = self.stage.telegram.calls(bot.id)?;
        let set = calls.iter().rev().find(|call| call.did("setWebhook"));
        let set = set.context("no webhook was registered")?;
        let url = set.parameter("url");
        let (_, rest) = url.split_once("://").context("the webhook has no scheme")?;
        let (_, path) = rest.split_once('/').context("the webhook has no path")?;
        Ok(Webhook {
            server: self.stage.server.public,
            path: format!("/{path}"),
            secret: set.parameter("secret_token").to_owned(),
        })
    }

    /// Kills the server, if it lives, and notes when it was dead.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.stage.kill_server()?;
        until_heard(self.stage.telegram.address.port())?;
        thread::sleep(Duration::from_millis(3));
        self.crashes.push(self.stage.telegram.now_us()?);
        Ok(())
    }

    /// Starts the dead server, and lets it live to this end. Answers whether it ended as it should.
    pub(crate) fn round(&mut self, end: &End) -> Result<bool> {
        let mut environment = self.environment.clone();
        if let End::At(point, passes) = end {
            let told = format!("{}={passes}*off->return", point.name);
            add_points(&mut environment, &told);
        }
        self.stage.start_server(environment)?;
        let (limit, calm) = match end {
            End::Kill(after) => (*after, false),
            End::At(point, _) => (PATIENCE, point.wants_calm),
        };
        let fired = self.until_dead(limit, calm);
        self.rest(false);
        let fired = fired?;
        self.kill()?;
        Ok(fired || matches!(end, End::Kill(_)))
    }

    /// Starts the dead server, and kills it when it has acknowledged some updates in this life that it has not handled yet.
    pub(crate) fn round_until_waiting(&mut self, updates: usize) -> Result<()> {
        self.stage.start_server(self.environment.clone())?;
        let began_us = self.stage.telegram.now_us()?;
        eventually("updates that wait to be handled", LONG, || {
            let logs: Vec<Log> = self.crowds.iter().map(Crowd::sent).collect();
            let story = self.tell(&logs)?.story;
            Ok((waiting(&story, began_us) >= updates).then_some(()))
        })?;
        self.kill()
    }

    /// Waits for an abort; answers whether one came. A calm end is given some load first.
    fn until_dead(&mut self, limit: Duration, calm: bool) -> Result<bool> {
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Some(status) = self.stage.server_ended()? {
                if status.signal() == Some(SIGABRT) {
                    return Ok(true);
                }
                let log = self.stage.server_log();
                // The session of the one before may not have heard of its end yet.
                ensure!(
                    log.contains("another server process") && began.elapsed() < PATIENCE,
                    "the server ended: {status}\n{log}"
                );
                self.stage.start_again()?;
            }
            if calm && began.elapsed() > PATIENCE / 4 {
                self.rest(true);
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(false)
    }

    fn rest(&self, rests: bool) {
        for crowd in &self.crowds {
            crowd.rest(rests);
        }
    }

    /// Starts the dead server for good, sends the crowd home, waits until all is done or the time is up, and tells everything.
    pub(crate) fn end(mut self, limit: Duration) -> Result<Ended> {
        self.stage.start_server(self.environment.clone())?;
        self.stage.until_ready()?;
        self.stage.telegram.speed_up()?;
        let logs: Vec<Log> = self.crowds.iter().map(Crowd::sent).collect();
        for crowd in self.crowds.drain(..) {
            crowd.go_home()?;
        }
        let mut echoed = 0;
        self.echoes.iter().for_each(Echo::stop);
        for echo in self.echoes.drain(..) {
            echoed += echo.end()?;
        }
        let began = Instant::now();
        loop {
            let mut ended = self.tell(&logs)?;
            ended.echoed = echoed;
            let is_over = ended.kept == 0 && is_quiet(&ended.story);
            if is_over || began.elapsed() > limit {
                ensure!(ended.sent > 0, "nobody said anything");
                return Ok(ended);
            }
            thread::sleep(Duration::from_secs(1));
        }
    }

    fn tell(&self, logs: &[Log]) -> Result<Ended> {
        let mut ended = Ended {
            story: Story {
                crashes: self.crashes.clone(),
                ..Story::default()
            },
            sent: 0,
            kept: 0,
            echoed: 0,
        };
        for (bot, log) in self.bots.iter().zip(logs) {
            // The ledger first: what it says is acknowledged may be handled by the time the calls are read.
            let updates = self.stage.telegram.updates(bot.id)?;
            let calls = self.stage.telegram.calls(bot.id)?;
            let names: HashMap<i64, String> = log
                .look()
                .iter()
                .map(|sent| (sent.update_id, sent.name.clone()))
                .collect();
            ended.sent += names.len();
            let kept =
                |update: &&Update| update.acknowledged_us.is_none() && update.dropped_us.is_none();
            ended.kept += updates.iter().filter(kept).count();
            let told = updates
                .iter()
                .filter_map(|update| told(bot.id, update, &names));
            ended.story.updates.extend(told);
            ended.story.handled.extend(calls.iter().filter_map(handled));
        }
        Ok(ended)
    }
}

/// Waits until the simulator has read everything that a dead process sent to it: until then a call of the dead one may still be
/// written down, and would be taken for one of the next.
fn until_heard(port: u16) -> Result<()> {
    eventually("everything the dead server sent", HEARING, || {
        let table = std::fs::read_to_string("/proc/net/tcp").context("this needs Linux")?;
        Ok((!half_closed(&table, port)).then_some(()))
    })
}

/// Whether this port of ours has a connection of which the other side is gone and this side has not seen it.
fn half_closed(table: &str, port: u16) -> bool {
    const CLOSE_WAIT: &str = "08";
    let ours = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let is_ours = columns.next().is_some_and(|local| local.ends_with(&ours));
        is_ours && columns.nth(1) == Some(CLOSE_WAIT)
    })
}

/// Adds to what the server's failpoints are told.
pub(crate) fn add_points(environment: &mut Environment, told: &str) {
    let variable = "FAILPOINTS";
    match environment.iter_mut().find(|(name, _)| name == variable) {
        Some((_, all)) => *all = format!("{all};{told}"),
        None => environment.push((variable.to_owned(), told.to_owned())),
    }
}

/// How many updates were acknowledged since then and are not handled.
fn waiting(story: &Story, since_us: u64) -> usize {
    let handled: HashSet<&str> = story.handled.iter().map(|one| &*one.id).collect();
    let is_waiting = |update: &&Told| {
        update.acknowledged_us.is_some_and(|at| at > since_us) && !handled.contains(&*update.id)
    };
    story.updates.iter().filter(is_waiting).count()
}

/// Whether everything acknowledged was handled.
fn is_quiet(story: &Story) -> bool {
    let handled: HashSet<&str> = story.handled.iter().map(|one| &*one.id).collect();
    let mut acknowledged = story
        .updates
        .iter()
        .filter(|update| update.acknowledged_us.is_some());
    acknowledged.all(|update| handled.contains(&*update.id))
}

fn told(bot: i64, update: &Update, names: &HashMap<i64, String>) -> Option<Told> {
    Some(Told {
        id: names.get(&update.update_id)?.clone(),
        lane: (bot, update.chat?),
        first_post_us: update.first_post_us,
        acknowledged_us: update.acknowledged_us,
    })
}

/// Which update a call answers: a tap's name is its id, a message's is its sender's.
fn handled(call: &Call) -> Option<Handled> {
    let id = match call.method.to_ascii_lowercase().as_str() {
        "answercallbackquery" => call.parameter("callback_query_id"),
        "sendmessage" => {
            let (_, rest) = call.parameter("text").split_once("Hello, ")?;
            rest.split_once('!')?.0
        }
        _ => return None,
    };
    Some(Handled {
        id: id.to_owned(),
        at_us: call.at_us,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_closed_on_one_side_is_seen() {
        let line = |state| {
            format!("head\n   0: 0100007F:1F90 0100007F:C350 {state} 00000000:00000000 00:0 0 0 1")
        };
        assert!(half_closed(&line("08"), 8_080));
        assert!(!half_closed(&line("01"), 8_080));
        assert!(!half_closed(&line("08"), 8_081));
        assert!(!half_closed(&line("08"), 50_000));
    }
}
