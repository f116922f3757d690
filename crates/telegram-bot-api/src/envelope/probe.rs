//! Follows several paths through JSON at once, and skips all the rest.

use crate::json::{NotJson, Number, Scan};
use crate::paths::Paths;

/// The most paths that a kind has: a bit of [`Mask`] each.
const MOST: usize = 8;

/// A set of paths, by their number in [`Paths::all`].
type Mask = u8;

/// The numbers that were found, by the number of their path.
#[derive(Clone, Copy, Default)]
pub(crate) struct Found([Option<i64>; MOST]);

impl Found {
    pub(crate) fn chat(&self, paths: &Paths) -> Option<i64> {
        self.first(0, paths.chat.len())
    }

    pub(crate) fn user(&self, paths: &Paths) -> Option<i64> {
        self.first(paths.chat.len(), paths.user.len())
    }

    pub(crate) fn date(&self, paths: &Paths) -> Option<i64> {
        self.first(paths.chat.len() + paths.user.len(), paths.date.len())
    }

    fn first(&self, skip: usize, count: usize) -> Option<i64> {
        self.0
            .iter()
            .skip(skip)
            .take(count)
            .find_map(|number| *number)
    }

    fn set(&mut self, mask: Mask, value: Option<i64>) {
        for (number, slot) in self.0.iter_mut().enumerate() {
            if mask & (1 << number) != 0 {
                *slot = value;
            }
        }
    }
}

/// Passes the value where all paths begin, and keeps what they lead to.
pub(crate) fn probe(
    scan: &mut Scan<'_>,
    paths: &'static Paths,
    found: &mut Found,
) -> Result<(), NotJson> {
    follow(scan, paths, found, Mask::MAX, 0)
}

/// Passes a value that so many steps of the paths in `mask` have led to.
fn follow(
    scan: &mut Scan<'_>,
    paths: &'static Paths,
    found: &mut Found,
    mask: Mask,
    depth: usize,
) -> Result<(), NotJson> {
    scan.object(|scan, key| {
        let Step { end, on } = step(paths, mask, depth, key);
        if end | on == 0 {
            return scan.skip();
        }
        // The key may have come before: what it led to then does not count.
        found.set(end | on, None);
        if end == 0 {
            return follow(scan, paths, found, on, depth + 1);
        }
        if let Number::Integer(number) = scan.number()? {
            found.set(end, Some(number));
        }
        Ok(())
    })
    .map(drop)
}

/// The paths that a key belongs to: those that end with it, and those that go on.
#[derive(Default)]
struct Step {
    end: Mask,
    on: Mask,
}

fn step(paths: &Paths, mask: Mask, depth: usize, key: &str) -> Step {
    let mut step = Step::default();
    for (number, path) in paths.all().take(MOST).enumerate() {
        let bit = 1 << number;
        if mask & bit == 0 || path.get(depth) != Some(&key) {
            continue;
        }
        if path.len() == depth + 1 {
            step.end |= bit;
        } else {
            step.on |= bit;
        }
    }
    step
}
