//! A start with a million updates pending and 100,000 bots: how soon it acknowledges, and that nothing lost its order.

use std::collections::HashMap;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::bodies::Bodies;
use crate::books::Books;
use crate::bot_api::Call;
use crate::findings::mb;
use crate::http;
use crate::program::free_address;
use crate::report::table;
use crate::seed::{self, Bot};
use crate::subject::Start;
use crate::traffic::{Shape, Traffic};
use crate::usage::{self, Memory};

const BOTS: usize = 100_000;
const PENDING: usize = 1_000_000;
const MOST_SECONDS: f64 = 5.0;
const LONGEST_START: Duration = Duration::from_secs(60);
const LONGEST_WORK: Duration = Duration::from_secs(300);

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let part = if bench.options.quick { 10 } else { 1 };
    let (bots, pending) = (BOTS / part, PENDING / part);
    let began = Instant::now();
    let (data, bots) = bench.seed("recovery", bots)?;
    let shape = Shape {
        bots: bots.len(),
        lanes: bots.len(),
        bodies: Bodies::StartInSome,
    };
    let mut traffic = Traffic::new(bots.iter().map(Bot::head).collect(), shape)?;
    let seeding = seed::pending(&data, &bots, &mut traffic, pending);
    bench.runtime.block_on(seeding)?;
    let seeded = began.elapsed();

    let mut request = Vec::new();
    traffic.next(&mut request);
    let recovery = recover(bench, data, &request)?;
    let asked = pending * 100 / bots.len() + 1;
    let came = recovery.greetings;
    ensure!(
        came == asked,
        "{asked} greetings were asked for, {came} came"
    );
    let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
    let row = |what: &str, time| vec![what.to_owned(), seconds(time)];
    let rows = [
        row("start to the first 200", recovery.first),
        row("start to the last of them finished", recovery.drained),
    ];
    let heads = format!("{pending} pending, {} bots", bots.len());
    let mut text = table(&[heads.as_str(), "seconds"], &rows) + "\n";
    let first = recovery.first.as_secs_f64();
    text += &bench
        .report
        .limit("start to the first 200", first, MOST_SECONDS, " s");
    text += &format!("- peak memory: {:.0} MB\n", mb(recovery.memory.peak));
    text += &format!("- {asked} of them, in 100 chats, wanted an answer: each got one, in order\n");
    text += &format!(
        "- to make it all ready took {} s; the file was in the page cache\n",
        seconds(seeded)
    );
    bench.report.add("recovery", text);
    Ok(())
}

/// Times are from the start of the process.
struct Recovery {
    first: Duration,
    drained: Duration,
    memory: Memory,
    greetings: usize,
}

/// Starts the server, sends the request until it is acknowledged, and waits until nothing is pending.
fn recover(bench: &mut Bench, data: PathBuf, request: &[u8]) -> Result<Recovery> {
    let (public, private) = (free_address()?, free_address()?);
    let books = bench.runtime.block_on(Books::open(&data))?;
    let start = Start {
        greeting: true,
        ..bench.start(data)
    };
    let began = Instant::now();
    let program = start.program(public, private)?;
    while http::status(public, request).ok() != Some(200) {
        let said = program.last_lines();
        ensure!(
            began.elapsed() < LONGEST_START,
            "no acknowledgement\n{said}"
        );
        thread::sleep(Duration::from_millis(1));
    }
    let first = began.elapsed();
    let mut greetings = Greetings::default();
    while bench.runtime.block_on(books.pending())? > 0 {
        let said = program.last_lines();
        ensure!(began.elapsed() < LONGEST_WORK, "it does not finish\n{said}");
        for _ in 0..100 {
            bench.api.serve(&mut greetings.calls)?;
            greetings.check()?;
            thread::sleep(Duration::from_millis(1));
        }
    }
    let drained = began.elapsed();
    let memory = usage::memory(program.id())?;
    program.stop()?;
    Ok(Recovery {
        first,
        drained,
        memory,
        greetings: greetings.count,
    })
}

/// The greetings that came, of chats that ask for one with every update.
#[derive(Default)]
struct Greetings {
    calls: Vec<Call>,
    latest: HashMap<u64, u64>,
    count: usize,
}

impl Greetings {
    /// An error when two of one chat came in another order than their updates, or one came twice.
    fn check(&mut self) -> Result<()> {
        for call in self.calls.drain(..).filter(|call| call.is_message) {
            let before = self.latest.insert(call.chat_id, call.name).unwrap_or(0);
            let (chat, name) = (call.chat_id, call.name);
            ensure!(
                before < name,
                "chat {chat}: {name} was answered after {before}"
            );
            self.count += 1;
        }
        Ok(())
    }
}
