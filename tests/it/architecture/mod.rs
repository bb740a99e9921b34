//! The structure of `src`: the order of imports, unique type names, and modules that know nothing of AWS.
//!
//! What Clippy can express is in `clippy.toml`: who makes credentials, who reads error codes, which clock is used.

mod imports;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::emulator::root;
use crate::fixture::files_below;
use imports::{Modules, references};

/// One file of the library without its comments and unit tests.
struct Source {
    path: PathBuf,
    /// The path of its module: `["aws", "transport", "rate_limiter"]`.
    module: Vec<String>,
    code: String,
}

/// Reads the library's files. Files that hold only unit tests are left out.
fn library() -> Vec<Source> {
    let src = root().join("src");
    let is_library = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ending == "rs")
            && !path.starts_with(src.join("bin"))
            && *path != src.join("lib.rs")
    };
    let files = files_below(&src).into_iter().filter(is_library);
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

/// Clippy cannot forbid a crate in some modules only.
#[test]
fn modules_free_of_aws_name_no_aws_crate() {
    let free_of_aws =
        ["input", "domain", "decode", "inventory", "event", "engine::fan_out", "engine::plan", "customers::registry"];
    let mut checked = 0;
    for file in library() {
        let module = file.module.join("::");
        if !free_of_aws.iter().any(|free| module == *free || module.starts_with(&format!("{free}::"))) {
            continue;
        }
        checked += 1;
        for aws_crate in ["aws_sdk", "aws_smithy", "aws_config", "aws_types", "aws_credential", "aws_lambda"] {
            assert!(!file.code.contains(aws_crate), "{} names a crate of AWS", file.path.display());
        }
    }
    assert!(checked >= free_of_aws.len(), "only {checked} files were found");
}

/// Clippy forbids reading an error's code (`clippy.toml`). It cannot forbid a comparison with a literal.
#[test]
fn only_the_error_module_knows_codes_and_texts_of_aws() {
    for file in library().iter().filter(|file| file.module != ["aws", "error", "codes"]) {
        let (path, code) = (file.path.display(), &file.code);
        assert!(!code.contains("\"AccessDenied"), "{path} looks at error codes");
        assert!(!code.contains("service control policy\")"), "{path} looks at a message's text");
    }
}

/// Clippy cannot forbid a type's debug form.
#[test]
fn no_error_is_printed_in_its_debug_form() {
    for file in library() {
        let path = file.path.display();
        assert!(!file.code.contains("{:?}\", error"), "{path} might dump an SDK error, headers and body included");
    }
}

/// Clippy forbids `println!` and cannot forbid what the macro stands for, nor `eprintln!`, which panics on a full disk.
#[test]
fn only_the_terminal_module_prints() {
    let src = root().join("src");
    let bins = files_below(&src.join("bin")).into_iter().map(|path| {
        let code = std::fs::read_to_string(&path).expect("text");
        (path, code)
    });
    let mut checked = 0;
    for (path, code) in library().into_iter().map(|file| (file.path, file.code)).chain(bins) {
        checked += 1;
        if path.starts_with(src.join("terminal")) {
            continue;
        }
        for printing in ["println!", "print!", "dbg!", "stdout", "stderr", "/dev/tty", "Term::", "::parse()", ".exit()"]
        {
            // Clap's `Cli::parse` and `Error::exit` print by themselves. Other types have methods of these names.
            let clap = ["::parse()", ".exit()"].contains(&printing);
            assert!(!code.contains(printing) || clap && !code.contains("clap"), "{} has {printing}", path.display());
        }
        let bars = path == src.join("cli/progress.rs");
        assert!(bars || !code.contains("indicatif::"), "{} draws on the terminal", path.display());
        let logs = path == src.join("logging.rs");
        assert!(logs || !code.contains("tracing_subscriber::"), "{} writes log lines", path.display());
    }
    assert!(checked > 150, "only {checked} files were found");
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
        "clap_complete",
        "clap_mangen",
        "indicatif",
        "comfy-table",
        "hyper-rustls v0.24",
        "rustls v0.21",
        "aws-sdk-sso",
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
