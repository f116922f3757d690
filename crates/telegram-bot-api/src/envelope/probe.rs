//! Follows several paths through JSON at once, and skips all the rest.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::envelope::number::{Number, NumberSeed, visit_scalars};
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

/// Stands at one value of the JSON, with the paths that lead through it.
pub(crate) struct Probe<'a> {
    paths: &'static Paths,
    found: &'a mut Found,
    mask: Mask,
    depth: usize,
}

impl<'a> Probe<'a> {
    /// At the value where all paths begin.
    pub(crate) fn of(paths: &'static Paths, found: &'a mut Found) -> Self {
        Self {
            paths,
            found,
            mask: Mask::MAX,
            depth: 0,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Probe<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Probe<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self {
            paths,
            found,
            mask,
            depth,
        } = self;
        while let Some(Step { end, on }) = map.next_key_seed(StepSeed { paths, mask, depth })? {
            // The key may have come before: what it led to then does not count.
            found.set(end | on, None);
            if end != 0 {
                if let Number::Integer(number) = map.next_value_seed(NumberSeed)? {
                    found.set(end, Some(number));
                }
            } else if on != 0 {
                map.next_value_seed(Probe {
                    paths,
                    found,
                    mask: on,
                    depth: depth + 1,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    visit_scalars!(());
}

/// The paths that a key belongs to: those that end with it, and those that go on.
#[derive(Default)]
struct Step {
    end: Mask,
    on: Mask,
}

struct StepSeed {
    paths: &'static Paths,
    mask: Mask,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for StepSeed {
    type Value = Step;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Step, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for StepSeed {
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Step, E> {
        let mut step = Step::default();
        for (number, path) in self.paths.all().take(MOST).enumerate() {
            let bit = 1 << number;
            if self.mask & bit == 0 || path.get(self.depth) != Some(&key) {
                continue;
            }
            if path.len() == self.depth + 1 {
                step.end |= bit;
            } else {
                step.on |= bit;
            }
        }
        Ok(step)
    }
}
