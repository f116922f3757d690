//! Reads paths from tokens: the trees of `use`, and `a::b::c` elsewhere.

use crate::tidy::rust::{Placed, Token};

/// One path of a `use` item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// The name it goes by here; none for `*` and `_`.
    pub(crate) name: Option<String>,
    pub(crate) glob: bool,
}

/// The imports of the `use` whose tree starts here, and the place after it.
pub(crate) fn imports(tokens: &[Placed], start: usize) -> (Vec<Import>, usize) {
    let mut found = Vec::new();
    let mut reader = Reader { tokens, at: start };
    reader.tree(&[], &mut found);
    (found, reader.at)
}

/// The path that starts here and the place after it; none where no path of two or more parts starts.
pub(crate) fn path(tokens: &[Placed], start: usize) -> Option<(Vec<String>, usize)> {
    let before = start.checked_sub(1).map(|before| &tokens[before]);
    if before.is_some_and(|before| before.token == Token::Step || before.is('.')) {
        return None;
    }
    let mut parts = vec![tokens[start].word()?.to_owned()];
    let mut at = start + 1;
    while tokens.get(at)?.token == Token::Step {
        let Some(part) = tokens.get(at + 1).and_then(Placed::word) else {
            break;
        };
        parts.push(part.to_owned());
        at += 2;
    }
    (parts.len() > 1).then_some((parts, at))
}

struct Reader<'a> {
    tokens: &'a [Placed],
    at: usize,
}

impl Reader<'_> {
    fn tree(&mut self, stem: &[String], found: &mut Vec<Import>) {
        let mut path = stem.to_vec();
        while let Some(token) = self.tokens.get(self.at) {
            if let Some(word) = token.word() {
                path.push(word.to_owned());
            } else if token.is('{') {
                return self.branches(&path, found);
            } else if token.is('*') {
                self.at += 1;
                return found.push(Import {
                    path,
                    name: None,
                    glob: true,
                });
            } else if token.token != Token::Step {
                break;
            }
            self.at += 1;
            if self.word() == Some("as") {
                break;
            }
        }
        found.push(self.leaf(path));
    }

    /// `{a, b::c}`: each with the same stem.
    fn branches(&mut self, stem: &[String], found: &mut Vec<Import>) {
        loop {
            self.at += 1;
            if !self.is('}') {
                self.tree(stem, found);
            }
            if !self.is(',') {
                break;
            }
        }
        self.at += 1;
    }

    fn leaf(&mut self, mut path: Vec<String>) -> Import {
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut name = path.last().cloned();
        if self.word() == Some("as") {
            self.at += 1;
            name = self.word().filter(|word| *word != "_").map(str::to_owned);
            self.at += 1;
        }
        Import {
            path,
            name,
            glob: false,
        }
    }

    fn word(&self) -> Option<&str> {
        self.tokens.get(self.at).and_then(Placed::word)
    }

    fn is(&self, symbol: char) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| token.is(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rust::tokens;

    fn shown(code: &str) -> Vec<String> {
        let shown = |import: Import| {
            let name = import
                .name
                .unwrap_or_else(|| if import.glob { "*" } else { "_" }.to_owned());
            format!("{} {name}", import.path.join("::"))
        };
        imports(&tokens(code), 0).0.into_iter().map(shown).collect()
    }

    #[test]
    fn trees_are_flattened() {
        assert_eq!(shown("a::B;"), ["a::B B"]);
        assert_eq!(shown("::a::B as C;"), ["a::B C"]);
        assert_eq!(
            shown("a::{self, b::{C, D as _,}, e::*};"),
            ["a a", "a::b::C C", "a::b::D _", "a::e *"]
        );
    }

    #[test]
    fn paths_are_read_once() {
        let tokens = tokens("x.y(a::b::<C>(crate::d()))");
        let found: Vec<Vec<String>> = (0..tokens.len())
            .filter_map(|at| path(&tokens, at))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(found, [vec!["a", "b"], vec!["crate", "d"]]);
    }
}
