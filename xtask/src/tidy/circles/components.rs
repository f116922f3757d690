//! Strongly connected components: what can be reached from each other.

use std::collections::{BTreeMap, BTreeSet};

/// Groups of nodes that reach each other, each in alphabetical order.
pub(crate) fn strongly_connected<'a>(graph: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<Vec<&'a str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|node| (*node, reachable(graph, node)))
        .collect();
    let together = |one: &str, other: &str| {
        let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|set| set.contains(to));
        reaches(one, other) && reaches(other, one)
    };
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for node in graph.keys() {
        match groups.iter_mut().find(|group| together(group[0], node)) {
            Some(group) => group.push(node),
            None => groups.push(vec![node]),
        }
    }
    groups
}

fn reachable<'a>(graph: &BTreeMap<&'a str, Vec<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut waiting = graph.get(from).cloned().unwrap_or_default();
    while let Some(node) = waiting.pop() {
        if seen.insert(node) {
            waiting.extend(graph.get(node).into_iter().flatten());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knots_are_told_from_chains() {
        let graph = BTreeMap::from([
            ("a", vec!["b"]),
            ("b", vec!["c"]),
            ("c", vec!["b", "d"]),
            ("d", vec![]),
        ]);
        let groups = strongly_connected(&graph);
        assert_eq!(groups, [vec!["a"], vec!["b", "c"], vec!["d"]]);
    }
}
