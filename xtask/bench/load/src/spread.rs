//! A median and its range.

use std::fmt;

/// What several slices gave for one figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// Of an even number, the mean of the two in the middle; of nothing, not a number.
    pub(crate) fn median(&self) -> f64 {
        let count = self.0.len();
        if count == 0 {
            return f64::NAN;
        }
        f64::midpoint(self.0[(count - 1) / 2], self.0[count / 2])
    }

    fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn most(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut spread = Self::default();
        values.into_iter().for_each(|value| spread.add(value));
        spread
    }
}

/// `1.23 (1.20-1.31)`, with as many decimals as asked for; two otherwise.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        let (median, least, most) = (self.median(), self.least(), self.most());
        write!(
            f,
            "{median:.decimals$} ({least:.decimals$}-{most:.decimals$})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_shown_with_its_range() {
        let spread: Spread = [3.0, 1.0, 2.0, 10.0].into_iter().collect();
        assert_eq!(spread.to_string(), "2.50 (1.00-10.00)");
        assert_eq!(format!("{spread:.0}"), "2 (1-10)");
    }
}
