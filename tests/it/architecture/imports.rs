//! Finds the modules that a file refers to, by `use` trees and by paths that begin with `crate::` or `super::`.
//!
//! **Invariant:** knows only this crate's own style, and nothing of macros that expand to paths.

use std::collections::BTreeMap;

/// A path of names, from the crate's root.
type Path = Vec<String>;

/// The modules of the crate in the order of their declaration, and the names that each re-exports from its children.
#[derive(Default)]
pub(crate) struct Modules {
    children: BTreeMap<Path, Vec<String>>,
    exported: BTreeMap<Path, String>,
}

impl Modules {
    /// Reads the `mod` lines of a module and the names that it imports from its children.
    pub(crate) fn declare(&mut self, module: &[String], code: &str) {
        let children: Vec<String> = code.lines().filter_map(declared).collect();
        for tree in uses(code) {
            for path in expand(&tree) {
                if let [child, .., name] = &path[..]
                    && children.contains(child)
                {
                    let mut exported = module.to_vec();
                    exported.push(name.clone());
                    self.exported.insert(exported, child.clone());
                }
            }
        }
        self.children.insert(module.to_vec(), children);
    }

    pub(crate) fn children(&self, module: &[String]) -> &[String] {
        self.children.get(module).map_or(&[], Vec::as_slice)
    }

    /// Returns the module that a path leads to, through re-exports.
    pub(crate) fn resolve(&self, path: &[String]) -> Path {
        let mut module: Path = Vec::new();
        for name in path {
            if self.children(&module).contains(name) {
                module.push(name.clone());
                continue;
            }
            let mut exported = module.clone();
            exported.push(name.clone());
            match self.exported.get(&exported) {
                Some(child) => module.push(child.clone()),
                None => break,
            }
        }
        module
    }

    /// Returns whether a module may refer to another: to itself, its ancestors, its descendants, and every module that
    /// is declared before its own branch.
    pub(crate) fn may_know(&self, own: &[String], other: &[String]) -> bool {
        let Some(at) = own.iter().zip(other).position(|(own, other)| own != other) else { return true };
        let siblings = self.children(&own[..at]);
        let position = |name: &String| siblings.iter().position(|sibling| sibling == name);
        position(&other[at]) < position(&own[at])
    }
}

fn declared(line: &str) -> Option<String> {
    let line = line.trim_start();
    let line = ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
}

/// Returns the trees of all `use` declarations.
fn uses(code: &str) -> Vec<String> {
    let starts = code.match_indices("use ").filter(|(at, _)| {
        let before = code[..*at].rsplit('\n').next().unwrap_or_default().trim();
        before.is_empty() || before.starts_with("pub")
    });
    starts.filter_map(|(at, found)| code[at + found.len()..].split(';').next().map(str::to_owned)).collect()
}

/// Expands a `use` tree into its paths: `a::{b, c::d}` gives `a::b` and `a::c::d`.
fn expand(tree: &str) -> Vec<Path> {
    let tree = tree.trim();
    let Some((before, rest)) = tree.split_once('{') else {
        let tree = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![tree.split("::").map(|name| name.trim().to_owned()).filter(|name| name != "self").collect()];
    };
    let prefix: Path = before.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let (mut depth, mut parts, mut start) = (0_usize, Vec::new(), 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let paths = parts.into_iter().filter(|part| !part.trim().is_empty()).flat_map(expand);
    paths.map(|path| prefix.iter().cloned().chain(path).collect()).collect()
}

/// Returns every path from the crate's root that the code of `module` refers to by `crate::` or `super::`.
pub(crate) fn references(module: &[String], code: &str) -> Vec<Path> {
    let mut found: Vec<Path> = uses(code).iter().flat_map(|tree| expand(tree)).collect();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let path: String =
                code[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == ':').collect();
            found.push(path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect());
        }
    }
    found.into_iter().filter_map(|path| absolute(module, &path)).collect()
}

fn absolute(module: &[String], path: &[String]) -> Option<Path> {
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            let base = module.get(..module.len().checked_sub(ups)?)?;
            Some(base.iter().chain(&path[ups..]).cloned().collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn references_are_resolved_through_re_exports() {
        let mut modules = Modules::default();
        modules.declare(&[], "mod low;\npub mod high;");
        modules.declare(&path("low"), "mod a;\nmod b;\npub use b::{B, c::C};");
        assert_eq!(modules.resolve(&path("low::B")), path("low::b"));
        assert_eq!(modules.resolve(&path("low::C")), path("low::b"));
        assert!(modules.may_know(&path("high"), &path("low::b")));
        assert!(!modules.may_know(&path("low::b"), &path("high")));
        assert!(!modules.may_know(&path("low::a"), &path("low::b")));
        assert!(modules.may_know(&path("low::b"), &path("low::a")));
        assert!(modules.may_know(&path("low"), &path("low::a")));
        let found = references(&path("low::a"), "use super::{B, x::y};\nfn f() { crate::high::go() }");
        assert_eq!(found, [path("low::B"), path("low::x::y"), path("high::go"), path("low")]);
    }
}
