//! The structure of `src`: which module may know which, that no type name is defined twice, and who alone does what.

mod imports;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::emulator::root;
use imports::{Modules, references};

/// The Rust files below a folder, in order.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// One file of the library, without comments and without its unit tests.
struct Source {
    path: PathBuf,
    /// The module that it defines: `["aws", "transport", "rate_limiter"]`.
    module: Vec<String>,
    code: String,
}

/// The library's files, unit tests left out.
fn library() -> Vec<Source> {
    let src = root().join("src");
    let files =
        sources(&src).into_iter().filter(|path| !path.starts_with(src.join("bin")) && *path != src.join("lib.rs"));
    let is_test = |module: &[String]| module.iter().any(|name| name == "tests");
    let read = |path: PathBuf| {
        let inner = path.strip_prefix(&src).expect("below src").with_extension("");
        let mut module: Vec<String> = inner.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        module.pop_if(|name| name == "mod");
        let text = std::fs::read_to_string(&path).expect("text");
        let text = &text[..text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len())];
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        Source { path, module, code }
    };
    files.map(read).filter(|source| !is_test(&source.module)).collect()
}

#[test]
fn imports_point_one_way() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).expect("text");
    let mut modules = Modules::default();
    modules.declare(&[], &lib);
    let files = library();
    for file in &files {
        modules.declare(&file.module, &file.code);
    }
    assert!(modules.children(&[]).len() >= 15, "the groups of lib.rs were read");
    let mut checked = 0;
    let mut wrong = Vec::new();
    for file in &files {
        for reference in references(&file.module, &file.code) {
            let target = modules.resolve(&reference);
            checked += 1;
            if !modules.may_know(&file.module, &target) {
                wrong.push(format!("{} knows {}", file.path.display(), target.join("::")));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(checked > 500, "only {checked} references were found");
    assert!(wrong.is_empty(), "against the order of the `mod` lines:\n{}", wrong.join("\n"));
}

#[test]
fn no_type_name_is_defined_twice() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in library() {
        for whole in file.code.lines() {
            let line = whole.trim_start();
            let line = line
                .strip_prefix("pub")
                .map_or(line, |rest| rest.trim_start_matches("(crate)").trim_start_matches("(super)"));
            let line = line.trim_start();
            for keyword in ["struct ", "enum ", "trait ", "type "] {
                let Some(rest) = line.strip_prefix(keyword) else { continue };
                let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                // Associated types, which are indented, repeat by nature.
                if keyword == "type " && whole.starts_with(' ') {
                    continue;
                }
                places.entry(name).or_default().push(file.path.display().to_string());
            }
        }
    }
    assert!(places.len() > 200, "only {} types were found", places.len());
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "defined more than once: {places:#?}");
}

#[test]
fn each_has_what_is_its_own() {
    let free_of_aws =
        ["input", "domain", "decode", "inventory", "event", "engine::fan_out", "engine::plan", "customers::registry"];
    for file in library() {
        let (module, path, code) = (file.module.join("::"), file.path.display(), &file.code);
        if free_of_aws.iter().any(|free| module == *free || module.starts_with(&format!("{free}::"))) {
            for of_aws in ["aws_sdk", "aws_smithy", "aws_config", "aws_types", "aws_credential", "aws_lambda"] {
                assert!(!code.contains(of_aws), "{path} names a crate of AWS");
            }
        }
        if module != "customers::assume_role" {
            assert!(!code.contains("Credentials::new") && !code.contains(".assume_role()"), "{path} makes credentials");
        }
        if module != "aws::error" {
            assert!(!code.contains(".code()") && !code.contains("\"AccessDenied"), "{path} looks at error codes");
            assert!(!code.contains("service control policy\")"), "{path} looks at a message's text");
        }
        assert!(!code.contains("{:?}\", error"), "{path} might dump an SDK error, headers and body included");
    }
}

#[test]
fn the_lambda_binary_links_no_crate_of_the_command_line() {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--no-default-features",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(tree.contains("lambda_runtime"), "{}", String::from_utf8_lossy(&output.stderr));
    for name in [
        "clap",
        "indicatif",
        "comfy-table",
        "hyper-rustls v0.24",
        "rustls v0.21",
        "aws-sdk-sso",
        "aws-sdk-organizations",
        "aws-sdk-sfn",
        "csv",
    ] {
        assert!(
            !tree
                .lines()
                .any(|line| line.starts_with(&format!("{name} ")) || line.starts_with(name) && name.contains(' ')),
            "{name}"
        );
    }
}
