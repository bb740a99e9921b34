//! Completions and manual pages: real shells and `man` take them, and they know every command.

use std::process::{Command, Stdio};

use crate::command::{CommandOutput, rolecall, run_command};

fn printed(arguments: &[&str]) -> String {
    let output: CommandOutput = run_command(rolecall(arguments));
    assert_eq!(output.code, 0, "{output:?}");
    output.out
}

/// The names of the commands, as `--help` lists them.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let listed = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = listed.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Runs a program over a text. `None` if the machine does not have it.
fn fed(program: &str, arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.env("MANWIDTH", "100").spawn().ok()?;
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Some((output.status.success(), text))
}

/// What bash proposes for a line whose last word is begun.
fn proposed(script: &str, line: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = line.split(' ').collect();
    let (last, count) = (words.last().expect("a word"), words.len());
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let before = words[count.saturating_sub(2)];
    let asked = format!(
        "{script}\nCOMP_WORDS=({}); COMP_CWORD={}; _rolecall rolecall '{last}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        count - 1
    );
    let (_, text) = fed("bash", &["--noprofile", "--norc"], &asked)?;
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let script = printed(&["completions", "bash"]);
    let Some(proposals) = proposed(&script, "rolecall ") else { return eprintln!("skipped: no bash") };
    for command in commands() {
        assert!(proposals.contains(&command), "{command}: {proposals:?}");
    }
    assert_eq!(proposed(&script, "rolecall ru"), Some(vec!["run".to_owned()]));
    assert_eq!(proposed(&script, "rolecall run --regi"), Some(vec!["--regions".to_owned(), "--registry".to_owned()]));
    assert_eq!(proposed(&script, "rolecall schema duck"), Some(vec!["duckdb".to_owned()]));
    assert_eq!(proposed(&script, "rolecall completions f"), Some(vec!["fish".to_owned()]));
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    for (shell, check) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"), ("powershell", ""), ("elvish", "")] {
        let script = printed(&["completions", shell]);
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
        // The shell reads the script without carrying it out, where there is one.
        if let Some((accepted, text)) = (!check.is_empty()).then(|| fed(check, &["-n"], &script)).flatten() {
            assert!(accepted, "{shell}: {text}");
        }
    }
    let refused = run_command(rolecall(&["completions", "cmd"]));
    assert!(refused.code == 2 && refused.err.contains("powershell"), "{refused:?}");
}

#[test]
fn manual_pages_are_those_of_the_help() {
    let page = printed(&["man"]);
    for command in commands() {
        assert!(page.contains(&format!("rolecall\\-{}(1)", command.replace('-', "\\-"))), "{command}: {page}");
    }
    let run = printed(&["man", "run"]);
    assert!(
        run.contains("\\-\\-registry") && run.contains("ROLECALL-RUN 1") || run.contains("rolecall\\-run"),
        "{run}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("new/man1");
    printed(&["man", "--write", to.to_str().expect("a path")]);
    assert_eq!(std::fs::read_to_string(to.join("rolecall-run.1")).expect("a page"), run);
    assert!(to.join("rolecall-targets-list.1").exists());
    for entry in std::fs::read_dir(&to).expect("a folder") {
        let page = std::fs::read_to_string(entry.expect("an entry").path()).expect("a page");
        // groff and mandoc, where there are any, have nothing to say against it.
        if let Some((accepted, text)) = fed("man", &["--warnings", "--local-file", "-"], &page) {
            assert!(accepted && text.contains("NAME") && !text.contains("warning:"), "{text}");
        }
        if let Some((_, text)) = fed("mandoc", &["-T", "lint", "-W", "error"], &page) {
            assert!(!text.contains("ERROR"), "{text}");
        }
    }
    let refused = run_command(rolecall(&["man", "walk"]));
    assert!(refused.code == 2 && refused.err.contains("no command `walk`"), "{refused:?}");
}
