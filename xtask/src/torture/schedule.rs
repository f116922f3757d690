//! When the server dies: the same seed gives the same schedule.

use std::time::Duration;

use super::numbers::Numbers;

/// A place in the server's code at which it can be made to abort.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) name: &'static str,
    /// It is passed at most so often before the server aborts there.
    passes: u64,
    /// It is reached only while nothing comes.
    pub(crate) wants_calm: bool,
}

const fn point(name: &'static str, passes: u64) -> Point {
    Point {
        name,
        passes,
        wants_calm: false,
    }
}

const fn calm(name: &'static str) -> Point {
    Point {
        name,
        passes: 1,
        wants_calm: true,
    }
}

/// Every named failpoint of the server.
pub(crate) const POINTS: [Point; 18] = [
    point("inbox-before-begin", 60),
    point("inbox-after-insert", 60),
    point("inbox-before-settle", 40),
    point("inbox-after-move-out", 1),
    point("inbox-before-commit", 60),
    point("inbox-after-commit", 60),
    point("inbox-between-answers", 90),
    point("inbox-after-settle", 40),
    point("inbox-before-hand-over", 60),
    point("inbox-while-reading", 2),
    calm("store-before-checkpoint"),
    calm("store-after-checkpoint"),
    point("ingress-before-answer", 90),
    point("dispatcher-after-stage", 90),
    point("sender-before-call", 90),
    point("sender-after-call", 90),
    point("request-log-before-commit", 4),
    point("request-log-after-commit", 4),
];

/// Those that a server on this kind of database can meet: Postgres sees to its log itself.
pub(crate) fn points(postgres: bool) -> Vec<&'static Point> {
    let is_met = |point: &&Point| !(postgres && point.name.ends_with("-checkpoint"));
    POINTS.iter().filter(is_met).collect()
}

/// How a round ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// kill -9, so long after the start.
    Kill(Duration),
    /// An abort at this point, when it was passed so often.
    At(&'static Point, u64),
}

impl End {
    /// What the table calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Kill(_) => "kill -9",
            Self::At(point, _) => point.name,
        }
    }
}

/// So many ends, half of them at points if each point has a turn with that, each about as often as the others.
pub(crate) fn mixed(seed: u64, rounds: usize, points: &[&'static Point]) -> Vec<End> {
    let mut numbers = Numbers::new(seed, 1);
    let aimed = (rounds / 2).max(points.len()).min(rounds);
    let mut ends = kills(seed, rounds - aimed);
    let mut left: Vec<&'static Point> = Vec::new();
    for _ in 0..aimed {
        if left.is_empty() {
            left = points.to_vec();
            numbers.shuffle(&mut left);
        }
        ends.extend(left.pop().map(|at| End::At(at, numbers.below(at.passes))));
    }
    numbers.shuffle(&mut ends);
    ends
}

/// So many kills at random moments, some of them before the server is up.
pub(crate) fn kills(seed: u64, rounds: usize) -> Vec<End> {
    let mut numbers = Numbers::new(seed, 2);
    let moment = |numbers: &mut Numbers| match numbers.below(10) {
        0 => numbers.below(60),
        9 => 1_000 + numbers.below(2_000),
        _ => 60 + numbers.below(600),
    };
    (0..rounds)
        .map(|_| End::Kill(Duration::from_millis(moment(&mut numbers))))
        .collect()
}

/// So many ends at random moments, mostly late enough for a lot to be going on.
pub(crate) fn cuts(seed: u64, rounds: usize) -> Vec<End> {
    let mut numbers = Numbers::new(seed, 3);
    let moment = |numbers: &mut Numbers| match numbers.below(8) {
        0 => numbers.below(300),
        _ => 400 + numbers.below(800),
    };
    (0..rounds)
        .map(|_| End::Kill(Duration::from_millis(moment(&mut numbers))))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_seed_is_a_schedule() {
        let shown = |seed| format!("{:?}", mixed(seed, 40, &points(false)));
        assert_eq!(shown(1), shown(1));
        assert_ne!(shown(1), shown(2));
    }

    #[test]
    fn no_log_is_moved_on_postgres() {
        assert_eq!(points(true).len(), POINTS.len() - 2);
    }

    #[test]
    fn every_point_has_its_turns() {
        let mut turns = BTreeMap::new();
        for end in mixed(3, 2 * POINTS.len() * 3, &points(false)) {
            *turns.entry(end.name()).or_insert(0) += 1;
        }
        assert_eq!(turns.remove("kill -9"), Some(POINTS.len() * 3));
        assert!(turns.len() == POINTS.len() && turns.values().all(|count| *count == 3));
    }
}
