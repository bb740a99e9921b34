//! The house: which module may know which, and who alone does what.

use std::path::{Path, PathBuf};

use crate::emulator::root;

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

/// Code without comments, with the module of the library that it belongs to.
fn library() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    let files =
        sources(&src).into_iter().filter(|path| !path.starts_with(src.join("bin")) && *path != src.join("lib.rs"));
    files
        .map(|path| {
            let inner = path.strip_prefix(&src).expect("below src");
            let module = inner.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).expect("text");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            (module, path, code)
        })
        .collect()
}

/// The modules that code names after `crate::`.
fn named(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    code.match_indices("crate::")
        .map(|(at, found)| word(&code[at + found.len()..]))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn imports_point_one_way() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).expect("text");
    let order: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';'))).collect();
    assert!(order.len() > 20);
    let place = |module: &str| order.iter().position(|name| *name == module);
    let mut wrong = Vec::new();
    for (module, path, code) in library() {
        let own = place(&module).unwrap_or_else(|| panic!("{module} is not in lib.rs"));
        for other in named(&code) {
            // A name that starts with a capital letter is no module.
            if place(&other).is_some_and(|other| other > own) {
                wrong.push(format!("{} knows {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the order of lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn each_has_what_is_its_own() {
    for (module, path, code) in library() {
        let path = path.display();
        let tests = code.find("#[cfg(test)]").unwrap_or(code.len());
        let code = &code[..tests];
        if ["fan_out", "event", "registry", "input", "plan", "ledger", "record", "json"].contains(&module.as_str()) {
            for of_aws in ["aws_sdk", "aws_smithy", "aws_config", "aws_types", "aws_credential", "aws_lambda"] {
                assert!(!code.contains(of_aws), "{path} names a crate of AWS");
            }
        }
        if module != "credentials" {
            assert!(!code.contains("Credentials::new") && !code.contains(".assume_role()"), "{path} makes credentials");
        }
        if module != "failure" {
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
