//! What every figure is measured with.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::bodies::Bodies;
use crate::bot_api::BotApi;
use crate::crowd::Pace;
use crate::disk;
use crate::latencies::Latencies;
use crate::options::Options;
use crate::report::Report;
use crate::seed::{self, Bot};
use crate::slice::Slice;
use crate::subject::{Start, Subject};
use crate::traffic::{Head, Shape, Traffic};

/// One run.
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(crate) api: BotApi,
    pub(crate) runtime: Runtime,
    pub(crate) report: Report,
}

/// 10,000 chats of 100 bots, all five bodies.
pub(crate) const USUAL: Shape = Shape {
    bots: 100,
    lanes: 10_000,
    bodies: Bodies::Mixed,
};

impl Bench {
    pub(crate) fn new(options: Options) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let (api, report) = (BotApi::start()?, Report::default());
        Ok(Self {
            options,
            api,
            runtime,
            report,
        })
    }

    /// A data directory with so many bots.
    pub(crate) fn seed(&self, name: &str, bots: usize) -> Result<(PathBuf, Vec<Bot>)> {
        let data = self.options.scratch.join(name);
        let bots = self
            .runtime
            .block_on(seed::bots(&self.options.server, &data, bots))?;
        Ok((data, bots))
    }

    /// Our server over this directory, sent the traffic of this shape.
    pub(crate) fn ours(
        &self,
        name: &'static str,
        data: PathBuf,
        bots: &[Bot],
        shape: Shape,
    ) -> Result<Subject> {
        let start = self.start(data);
        let traffic = Traffic::new(bots.iter().map(Bot::head).collect(), shape)?;
        Subject::ours(name, &start, traffic, &self.runtime)
    }

    /// How our server is started, unless a figure wants it otherwise.
    pub(crate) fn start(&self, data: PathBuf) -> Start<'_> {
        let server = &self.options.server;
        Start {
            server,
            data,
            api: &self.api,
            greeting: false,
            environment: Vec::new(),
        }
    }

    /// A program to compare with, sent the same as ours.
    pub(crate) fn receiver(&self, name: &'static str, bots: &[Bot]) -> Result<Subject> {
        // teloxide serves one bot, under one path.
        let heads = if name == "teloxide-receiver" {
            vec![Head::new("/teloxide", "teloxide")]
        } else {
            bots.iter().map(Bot::head).collect()
        };
        let traffic = Traffic::new(heads, USUAL)?;
        Subject::receiver(
            name,
            &self.options.receivers,
            &self.options.scratch,
            traffic,
        )
    }

    /// As fast as it goes, over so many connections.
    pub(crate) fn saturation(&self, connections: usize) -> Pace {
        let span = Duration::from_secs_f64(self.options.seconds());
        Pace {
            connections,
            per_second: None,
            span,
            most: u64::MAX,
            replies: false,
        }
    }

    /// Over 64 connections, so many a second.
    pub(crate) fn paced(&self, per_second: u32) -> Pace {
        Pace {
            per_second: Some(per_second),
            ..self.saturation(64)
        }
    }

    /// A slice in which everything is acknowledged.
    pub(crate) fn slice(&mut self, subject: &mut Subject, pace: Pace) -> Result<Slice> {
        self.slice_answered(subject, pace, 200)
    }

    pub(crate) fn slice_answered(
        &mut self,
        subject: &mut Subject,
        pace: Pace,
        status: u16,
    ) -> Result<Slice> {
        Slice::run(subject, &mut self.api, &self.runtime, pace, status)
    }

    /// What the disk takes just now.
    pub(crate) fn fdatasync(&self) -> Result<Latencies> {
        disk::fdatasync(&self.options.scratch, 100)
    }
}
