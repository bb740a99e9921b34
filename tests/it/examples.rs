//! The examples of the documentation are real: each command is run on the generated estate, and prints what is shown.

use std::path::Path;
use std::process::Command;

use crate::command::{rolecall, run_command};
use crate::emulator::root;

const PAGES: [&str; 2] = ["README.md", "infra/ANSWERS.md"];
/// The examples that are run at least. Fewer mean that they are written in another form.
const EXAMPLES: usize = 9;

/// The commands of a page that read the generated estate, each with the lines that it shows.
fn examples(page: &str) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join(page)).expect("a page");
    let mut examples: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_shown = false;
    for line in text.lines() {
        match (line.strip_prefix("    $ "), line.strip_prefix("    ")) {
            (Some(command), _) => {
                is_shown = command.starts_with("rolecall ") && command.contains("--output demo");
                if is_shown {
                    examples.push((command.to_owned(), Vec::new()));
                }
            }
            (None, Some(shown)) if is_shown => {
                if let Some((_, lines)) = examples.last_mut() {
                    lines.push(shown.to_owned());
                }
            }
            _ => is_shown = false,
        }
    }
    examples
}

/// What a command prints on both streams. Pipes are the shell's.
fn printed(folder: &Path, command: &str) -> String {
    let binaries = Path::new(env!("CARGO_BIN_EXE_rolecall")).parent().expect("a folder");
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").expect("a path"));
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env_remove("ROLECALL_OUTPUT")
        .output()
        .expect("a shell");
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat()
}

#[test]
fn every_example_prints_what_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = rolecall(&["demo", "--to", "demo"]);
    demo.current_dir(folder.path());
    assert_eq!(run_command(demo).code, 0);
    let mut run = 0;
    for page in PAGES {
        for (command, lines) in examples(page) {
            let printed = printed(folder.path(), &command);
            let mut rest = printed.lines();
            for line in lines.iter().filter(|line| !line.trim().is_empty()) {
                assert!(rest.any(|other| other == line), "{page}: {command}\nshows {line}\nand prints\n{printed}");
            }
            run += 1;
        }
    }
    assert!(run >= EXAMPLES, "only {run} examples were run");
}
