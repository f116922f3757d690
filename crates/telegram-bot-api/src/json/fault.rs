//! Why JSON is not what was expected. Names fields, never values.

use std::fmt;

/// What was expected, and where: the names of the fields from the innermost outwards.
#[derive(Debug)]
pub(crate) struct Fault(Box<Place>);

#[derive(Debug)]
struct Place {
    expected: &'static str,
    path: Vec<&'static str>,
}

impl Fault {
    pub(crate) fn expected(expected: &'static str) -> Self {
        Self(Box::new(Place {
            expected,
            path: Vec::new(),
        }))
    }

    /// The same, seen from the object that has it in a field.
    pub(crate) fn within(mut self, field: &'static str) -> Self {
        self.0.path.push(field);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0.expected)?;
        for (position, field) in self.0.path.iter().rev().enumerate() {
            let before = if position == 0 { " at " } else { "." };
            write!(f, "{before}{field}")?;
        }
        Ok(())
    }
}
