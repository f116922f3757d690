//! A start with a million updates pending and 100,000 bots: how soon it acknowledges, and that nothing lost its order.

use std::collections::HashMap;
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
use crate::traffic::{Shape, Traffic};
use crate::usage;

const BOTS: usize = 100_000;
const PENDING: usize = 1_000_000;
const MOST_SECONDS: f64 = 5.0;
const LONGEST_START: Duration = Duration::from_secs(60);
const LONGEST_WORK: Duration = Duration::from_secs(300);

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let bots = if bench.options.quick { BOTS / 10 } else { BOTS };
    let pending = if bench.options.quick {
        PENDING / 10
    } else {
        PENDING
    };
    let began = Instant::now();
    let (data, bots) = bench.seed("recovery", bots)?;
    let shape = Shape {
        bots: bots.len(),
        lanes: bots.len(),
        bodies: Bodies::StartInSome,
    };
    let mut traffic = Traffic::new(bots.iter().map(Bot::head).collect(), shape)?;
    bench
        .runtime
        .block_on(seed::pending(&data, &bots, &mut traffic, pending))?;
    let seeded = began.elapsed();

    let (public, private) = (free_address()?, free_address()?);
    let mut request = Vec::new();
    traffic.next(&mut request);
    let mut start = bench.start(data.clone());
    start.greeting = true;
    let began = Instant::now();
    let program = start.program(public, private)?;
    while http::status(public, &request).ok() != Some(200) {
        let waited = began.elapsed();
        ensure!(
            waited < LONGEST_START,
            "no acknowledgement\n{}",
            program.last_lines()
        );
        thread::sleep(Duration::from_millis(1));
    }
    let first = began.elapsed();
    let books = bench.runtime.block_on(Books::open(&data))?;
    let mut greetings = Greetings::default();
    while bench.runtime.block_on(books.pending())? > 0 {
        let waited = began.elapsed();
        ensure!(
            waited < LONGEST_WORK,
            "it does not finish\n{}",
            program.last_lines()
        );
        for _ in 0..100 {
            bench.api.serve(&mut greetings.calls)?;
            greetings.check()?;
            thread::sleep(Duration::from_millis(1));
        }
    }
    let drained = began.elapsed();
    let memory = usage::memory(program.id())?;
    program.stop()?;
    let asked = pending * 100 / bots.len() + 1;
    ensure!(
        greetings.count == asked,
        "{asked} greetings were asked for, {} came",
        greetings.count
    );
    let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
    let rows = [
        vec!["start to the first 200".to_owned(), seconds(first)],
        vec![
            "start to the last of them finished".to_owned(),
            seconds(drained),
        ],
    ];
    let heads = format!("{pending} pending, {} bots", bots.len());
    let mut text = table(&[heads.as_str(), "seconds"], &rows) + "\n";
    text += &bench.report.limit(
        "start to the first 200",
        first.as_secs_f64(),
        MOST_SECONDS,
        " s",
    );
    text += &format!("- peak memory {:.0} MB\n", mb(memory.peak));
    text +=
        &format!("- {asked} of the updates, in 100 chats, were answered: each once, in order\n");
    text += &format!(
        "- seeding took {} s; the file was in the page cache\n",
        seconds(seeded)
    );
    bench.report.add("recovery", text);
    Ok(())
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
