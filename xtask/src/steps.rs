//! Tells what is being done, how long each step took, and at the end which ones failed.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// A run of steps. A failed step does not stop the ones after it: one run shows all that is wrong.
pub(crate) struct Steps {
    began: Instant,
    failed: Vec<&'static str>,
}

impl Steps {
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
            failed: Vec::new(),
        }
    }

    /// Runs one step; its result, unless it failed.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        println!("\n== {name}");
        let began = Instant::now();
        match work() {
            Ok(result) => {
                println!("== {name}: ok, {}", shown(began.elapsed()));
                Some(result)
            }
            Err(error) => {
                println!("== {name}: FAILED, {}: {error:#}", shown(began.elapsed()));
                self.failed.push(name);
                None
            }
        }
    }

    /// Says how long all of it took; an error names the steps that failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\nall steps: {}", shown(self.began.elapsed()));
        if !self.failed.is_empty() {
            bail!("failed: {}", self.failed.join(", "));
        }
        Ok(())
    }
}

/// A duration as a person reads it.
pub(crate) fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 60.0 {
        format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    } else if seconds >= 1.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.2} ms", seconds * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_at_the_end() {
        let mut steps = Steps::start();
        assert_eq!(steps.step("one", || Ok(1)), Some(1));
        assert_eq!(steps.step("two", || -> Result<()> { bail!("no") }), None);
        assert_eq!(steps.step("three", || Ok(3)), Some(3));
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: two");
        assert!(Steps::start().finish().is_ok());
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(shown(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(shown(Duration::from_millis(1_234)), "1.2 s");
        assert_eq!(shown(Duration::from_micros(830)), "0.83 ms");
    }
}
