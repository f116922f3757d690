//! Bare hyper, measured before and after every other slice: the machine's speed changes, and both are slowed alike.

use anyhow::Result;

use crate::bench::Bench;
use crate::crowd::Pace;
use crate::findings::Findings;
use crate::seed::Bot;
use crate::slice::Slice;
use crate::subject::Subject;
use crate::usage;

/// Bare hyper.
pub(crate) struct Beside {
    bare: Subject,
    /// What a request cost in the latest slice, and at which pace that was.
    latest: Option<(Pace, f64)>,
    pub(crate) findings: Findings,
}

impl Beside {
    pub(crate) fn start(bench: &Bench, bots: &[Bot]) -> Result<Self> {
        let bare = bench.receiver("bare-hyper", bots)?;
        Ok(Self {
            bare,
            latest: None,
            findings: Findings::default(),
        })
    }

    /// A slice of the subject between two of bare hyper. Answers what a request cost bare hyper, in µs of CPU.
    pub(crate) fn slice(
        &mut self,
        bench: &mut Bench,
        subject: &mut Subject,
        pace: Pace,
        status: u16,
    ) -> Result<(Slice, f64)> {
        let before = match self.latest {
            Some((latest, cost)) if latest == pace => cost,
            _ => self.bare(bench, pace)?,
        };
        let slice = bench.slice_answered(subject, pace, status)?;
        let after = self.bare(bench, pace)?;
        Ok((slice, f64::midpoint(before, after)))
    }

    fn bare(&mut self, bench: &mut Bench, pace: Pace) -> Result<f64> {
        let pace = Pace {
            replies: false,
            ..pace
        };
        let slice = bench.slice(&mut self.bare, pace)?;
        self.findings.add(&slice, slice.cpu_us());
        self.latest = Some((pace, slice.cpu_us()));
        Ok(slice.cpu_us())
    }

    pub(crate) fn peak(&self) -> Result<u64> {
        Ok(usage::memory(self.bare.program.id())?.peak)
    }
}
