//! A crate's tree of modules, what each defines and re-exports, and the arrows between its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::paths::{self, Import};
use crate::tidy::rust::{self, Placed};
use crate::tidy::tree::Tree;

/// A module's path from the crate's root.
type Path = Vec<String>;

#[derive(Debug, Default)]
struct Module {
    file: String,
    items: BTreeSet<String>,
    imports: Vec<Import>,
}

/// A place that uses a path.
#[derive(Debug)]
struct Usage {
    module: Path,
    line: usize,
    path: Vec<String>,
    /// By a `use` that passes it on.
    is_public: bool,
}

/// One file uses what another defines.
#[derive(Debug)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) to: String,
    line: usize,
    path: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}:{} uses {} -> {}",
            self.from, self.line, self.path, self.to
        )
    }
}

/// All modules of one crate.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    modules: BTreeMap<Path, Module>,
    usages: Vec<Usage>,
}

impl Modules {
    /// Reads the modules that can be reached from the crate's root file.
    pub(crate) fn read(tree: &Tree, root: &str) -> Self {
        let mut modules = Self::default();
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        modules.file(tree, root, folder, Vec::new());
        modules
    }

    /// Reads one file; its child modules lie in `folder`.
    fn file(&mut self, tree: &Tree, path: &str, folder: &str, module: Path) {
        let Some(file) = tree.find(path) else { return };
        if file.is_generated() {
            // Nobody reads it in order, and its types refer to each other as the schema has them.
            self.modules.insert(
                module,
                Module {
                    file: path.to_owned(),
                    ..Module::default()
                },
            );
            return;
        }
        let tokens = rust::without_tests(rust::tokens(&file.code));
        self.modules.insert(
            module.clone(),
            Module {
                file: path.to_owned(),
                ..Module::default()
            },
        );
        let children = Walk {
            modules: self,
            file: path,
            module,
            open: Vec::new(),
        }
        .walk(&tokens);
        for child in children {
            let name = child.last().cloned().unwrap_or_default();
            let own = format!("{folder}/{name}");
            let beside = format!("{own}.rs");
            let inside = format!("{own}/mod.rs");
            let found = if tree.find(&beside).is_some() {
                beside
            } else {
                inside
            };
            self.file(tree, &found, &own, child);
        }
    }

    /// All arrows between different files.
    pub(crate) fn arrows(&self) -> Vec<Arrow> {
        self.usages
            .iter()
            .filter_map(|usage| self.arrow(usage))
            .collect()
    }

    fn arrow(&self, usage: &Usage) -> Option<Arrow> {
        let absolute = self.absolute(&usage.module, &usage.path)?;
        let target = self.defined_in(absolute, 0);
        if usage.is_public && target.starts_with(&usage.module) {
            return None;
        }
        let from = &self.modules.get(&usage.module)?.file;
        let to = &self.modules.get(&target)?.file;
        let path = usage.path.join("::");
        (from != to).then(|| Arrow {
            from: from.clone(),
            to: to.clone(),
            line: usage.line,
            path,
        })
    }

    /// The path from the crate's root; none for a path into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Path> {
        let mut base = module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            first => {
                base.push(first.to_owned());
                self.modules.get(&base)?;
                base.pop();
            }
        }
        while rest.first().is_some_and(|part| part == "super") {
            base.pop()?;
            rest = &rest[1..];
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module that defines what this path names, through re-exports.
    fn defined_in(&self, path: Path, depth: u32) -> Path {
        let known = (0..=path.len())
            .rev()
            .find(|len| self.modules.contains_key(&path[..*len]));
        let (module, rest) = path.split_at(known.unwrap_or_default());
        let Some(name) = rest.first().filter(|_| depth < 8) else {
            return module.to_vec();
        };
        match self.travelled(module, name) {
            Some(mut from) => {
                from.extend_from_slice(&rest[1..]);
                self.defined_in(from, depth + 1)
            }
            None => module.to_vec(),
        }
    }

    /// Where a module that does not define this name itself has it from.
    fn travelled(&self, module: &[String], name: &str) -> Option<Path> {
        let here = self
            .modules
            .get(module)
            .filter(|here| !here.items.contains(name))?;
        let named = here
            .imports
            .iter()
            .find(|import| import.name.as_deref() == Some(name));
        if let Some(import) = named {
            return self.absolute(module, &import.path);
        }
        let globs = here.imports.iter().filter(|import| import.glob);
        let mut sources = globs.filter_map(|import| self.absolute(module, &import.path));
        let mut source = sources.find(|path| {
            let has = |found: &Module| {
                let mut names = found
                    .imports
                    .iter()
                    .filter_map(|import| import.name.as_deref());
                found.items.contains(name) || names.any(|other| other == name)
            };
            self.modules.get(path).is_some_and(has)
        })?;
        source.push(name.to_owned());
        Some(source)
    }
}

/// Walks over one file.
struct Walk<'a> {
    modules: &'a mut Modules,
    file: &'a str,
    module: Path,
    /// For each open brace: whether it opened a module.
    open: Vec<bool>,
}

impl Walk<'_> {
    /// Reads the file's modules, items and usages; returns the modules that other files hold.
    fn walk(mut self, tokens: &[Placed]) -> Vec<Path> {
        let mut children = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token.word() {
                Some("mod") => self.declaration(tokens, at, &mut children),
                Some("use") => self.imports(tokens, at),
                Some(_) => self.word(tokens, at),
                None => {
                    self.brace(token);
                    at + 1
                }
            };
        }
        children
    }

    fn declaration(&mut self, tokens: &[Placed], at: usize, children: &mut Vec<Path>) -> usize {
        let Some(name) = tokens.get(at + 1).and_then(Placed::word) else {
            return at + 1;
        };
        let mut child = self.module.clone();
        child.push(name.to_owned());
        if tokens.get(at + 2).is_some_and(|token| token.is('{')) {
            let module = Module {
                file: self.file.to_owned(),
                ..Module::default()
            };
            self.modules.modules.insert(child.clone(), module);
            self.module = child;
            self.open.push(true);
            return at + 3;
        }
        children.push(child);
        at + 2
    }

    fn brace(&mut self, token: &Placed) {
        if token.is('{') {
            self.open.push(false);
        } else if token.is('}') && self.open.pop() == Some(true) {
            self.module.pop();
        }
    }

    fn imports(&mut self, tokens: &[Placed], at: usize) -> usize {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let is_public = before.is_some_and(|before| before.word() == Some("pub") || before.is(')'));
        let (imports, end) = paths::imports(tokens, at + 1);
        let line = tokens[at].line;
        for import in imports {
            let (module, path) = (self.module.clone(), import.path.clone());
            self.modules.usages.push(Usage {
                module,
                line,
                path,
                is_public,
            });
            if let Some(module) = self.modules.modules.get_mut(&self.module) {
                module.imports.push(import);
            }
        }
        end
    }

    /// What a macro's body names is used where the macro is expanded, not here.
    fn macro_rules(&mut self, tokens: &[Placed], at: usize) -> usize {
        if let Some(name) = tokens.get(at + 2).and_then(Placed::word)
            && let Some(module) = self.modules.modules.get_mut(&self.module)
        {
            module.items.insert(name.to_owned());
        }
        rust::closing(tokens, at + 3).map_or(at + 1, |end| end + 1)
    }

    fn word(&mut self, tokens: &[Placed], at: usize) -> usize {
        const DEFINES: [&str; 8] = [
            "struct", "enum", "fn", "trait", "type", "const", "static", "union",
        ];
        let word = tokens[at].word().unwrap_or_default();
        if word == "macro_rules" {
            return self.macro_rules(tokens, at);
        }
        if DEFINES.contains(&word) {
            let name = tokens[at + 1..].iter().take(2).find_map(Placed::word);
            let module = self.modules.modules.get_mut(&self.module);
            if let (Some(name), Some(module)) = (name, module) {
                module.items.insert(name.to_owned());
            }
            return at + 1;
        }
        let Some((path, end)) = paths::path(tokens, at) else {
            return at + 1;
        };
        let (module, line) = (self.module.clone(), tokens[at].line);
        self.modules.usages.push(Usage {
            module,
            line,
            path,
            is_public: false,
        });
        end
    }
}
