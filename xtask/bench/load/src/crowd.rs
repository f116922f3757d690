//! The senders: connections that are kept, one request at a time on each, all on one thread.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;

use crate::answer::Answer;
use crate::bot_api::{BotApi, Call, poll};
use crate::latencies::Latencies;
use crate::traffic::Traffic;

/// How much is sent, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) connections: usize,
    /// Requests a second; none sends the next as soon as an answer is there.
    pub(crate) per_second: Option<u32>,
    pub(crate) span: Duration,
    /// No more than so many.
    pub(crate) most: u64,
    /// Each update makes the server call the Bot API once: the end is not before those calls have come.
    pub(crate) replies: bool,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) sent: u64,
    /// Of them, those that are no noise: only they are timed.
    timed: u64,
    /// How often each status was answered.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Of the answers: from when the request should have been sent.
    pub(crate) latencies: Latencies,
    /// Of the calls to the Bot API: from when the request should have been sent.
    pub(crate) replies: Latencies,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Connections that the server closed.
    pub(crate) closed: u64,
}

impl Outcome {
    /// Requests that were answered 200.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.statuses.get(&200).copied().unwrap_or(0)
    }
}

/// Connections that stand ready.
pub(crate) struct Crowd<'a> {
    target: SocketAddr,
    epoll: OwnedFd,
    wires: Vec<Wire>,
    free: Vec<usize>,
    traffic: &'a mut Traffic,
    api: &'a mut BotApi,
    calls: Vec<Call>,
    /// When the last request of each lane should have been sent.
    meant: BTreeMap<usize, Instant>,
    outcome: Outcome,
}

struct Wire {
    stream: TcpStream,
    request: Vec<u8>,
    answer: [u8; 1_024],
    filled: usize,
    /// When the request under way should have been sent.
    meant: Option<Instant>,
    /// Whether it is timed.
    timed: bool,
}

const API: u64 = u64::MAX;
/// Nothing takes as long as this.
const PATIENCE: Duration = Duration::from_secs(20);

impl<'a> Crowd<'a> {
    /// Connects as many as the pace asks for.
    pub(crate) fn connect(
        target: SocketAddr,
        connections: usize,
        traffic: &'a mut Traffic,
        api: &'a mut BotApi,
    ) -> Result<Self> {
        // Wakes up within microseconds of a due time.
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(
            &epoll,
            api.signal(),
            EventData::new_u64(API),
            EventFlags::IN,
        )?;
        let wires = (0..connections).map(|number| Wire::connect(target, number, &epoll));
        let wires = wires.collect::<Result<Vec<_>>>()?;
        let free = (0..connections).collect();
        let (calls, meant, outcome) = Default::default();
        Ok(Self {
            target,
            epoll,
            wires,
            free,
            traffic,
            api,
            calls,
            meant,
            outcome,
        })
    }

    /// Sends until the time is over, and waits for what is outstanding.
    pub(crate) fn run(mut self, pace: Pace) -> Result<Outcome> {
        let began = Instant::now();
        let (mut answered, mut last) = (0, began);
        let mut events = Vec::with_capacity(512);
        loop {
            let wake = self.send(began, pace)?;
            let is_over = wake.is_none() && self.free.len() == self.wires.len();
            if is_over && !(pace.replies && self.outcome.replies.len() < self.outcome.timed) {
                break;
            }
            ensure!(
                last.elapsed() < PATIENCE,
                "nothing was answered for {PATIENCE:?}"
            );
            let timeout = wake.map_or(PATIENCE, |wake| {
                wake.saturating_duration_since(Instant::now())
            });
            let timeout = Timespec::try_from(timeout).context("too long a time")?;
            poll(&self.epoll, &mut events, &timeout)?;
            for event in events.drain(..) {
                match event.data.u64() {
                    API => self.note_calls()?,
                    wire => self.receive(usize::try_from(wire)?)?,
                }
                let got = self.outcome.latencies.len() + self.outcome.replies.len();
                if got > answered {
                    (answered, last) = (got, Instant::now());
                }
                self.send(began, pace)?;
            }
        }
        self.outcome.took = last - began;
        Ok(self.outcome)
    }

    /// Sends what is due; answers when to come again, or none when nothing more is to be sent.
    fn send(&mut self, began: Instant, pace: Pace) -> Result<Option<Instant>> {
        loop {
            if self.outcome.sent >= pace.most {
                return Ok(None);
            }
            let now = Instant::now();
            let due = match pace.per_second {
                Some(rate) => {
                    began
                        + Duration::from_nanos(self.outcome.sent * 1_000_000_000 / u64::from(rate))
                }
                None => now,
            };
            if due.max(now) - began >= pace.span {
                return Ok(None);
            }
            let far = now + PATIENCE;
            if self.free.is_empty() {
                return Ok(Some(far));
            }
            if due > now {
                return Ok(Some(due));
            }
            if let Some(wire) = self.free.pop() {
                self.send_on(wire, due, pace.replies)?;
            }
        }
    }

    fn send_on(&mut self, number: usize, due: Instant, replies: bool) -> Result<()> {
        let wire = &mut self.wires[number];
        let lane = self.traffic.next(&mut wire.request);
        if let Some(lane) = lane.filter(|_| replies) {
            self.meant.insert(lane, due);
        }
        wire.meant = Some(due);
        wire.timed = lane.is_some();
        self.outcome.sent += 1;
        self.outcome.timed += u64::from(wire.timed);
        let written = wire
            .stream
            .write(&wire.request)
            .context("the server closed a connection")?;
        // One request at a time is far less than a socket holds.
        ensure!(
            written == wire.request.len(),
            "a request did not fit into its socket"
        );
        Ok(())
    }

    fn receive(&mut self, number: usize) -> Result<()> {
        let wire = &mut self.wires[number];
        match wire.stream.read(&mut wire.answer[wire.filled..]) {
            Ok(0) => return self.connect_again(number),
            Ok(length) => wire.filled += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("the server broke a connection"),
        }
        let Some(answer) = Answer::read(&wire.answer[..wire.filled]) else {
            ensure!(wire.filled < wire.answer.len(), "an answer is too long");
            return Ok(());
        };
        ensure!(
            answer.bytes == wire.filled,
            "more than one answer to one request"
        );
        wire.filled = 0;
        let Some(meant) = wire.meant.take() else {
            bail!("an answer without a request");
        };
        if wire.timed {
            self.outcome.latencies.add(meant.elapsed());
        }
        *self.outcome.statuses.entry(answer.status).or_default() += 1;
        self.free.push(number);
        if answer.is_last {
            return self.connect_again(number);
        }
        Ok(())
    }

    /// The server may close a connection between two requests, not within one.
    fn connect_again(&mut self, number: usize) -> Result<()> {
        let wire = &self.wires[number];
        ensure!(
            wire.meant.is_none(),
            "the server closed a connection instead of answering"
        );
        self.outcome.closed += 1;
        self.wires[number] = Wire::connect(self.target, number, &self.epoll)?;
        Ok(())
    }

    fn note_calls(&mut self) -> Result<()> {
        self.api.serve(&mut self.calls)?;
        for call in self.calls.drain(..).filter(|call| call.is_message) {
            let lane = Traffic::lane_of(call.chat_id);
            if let Some(meant) = lane.and_then(|lane| self.meant.get(&lane)) {
                self.outcome.replies.add(call.at - *meant);
            }
        }
        Ok(())
    }
}

impl Wire {
    fn connect(target: SocketAddr, number: usize, epoll: &OwnedFd) -> Result<Self> {
        let stream =
            TcpStream::connect(target).with_context(|| format!("nothing listens at {target}"))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let data = EventData::new_u64(number as u64);
        epoll::add(epoll, &stream, data, EventFlags::IN | EventFlags::ET)?;
        Ok(Self {
            stream,
            request: Vec::new(),
            answer: [0; 1_024],
            filled: 0,
            meant: None,
            timed: true,
        })
    }
}
