//! What reaches the terminal, and what happens if it takes nothing: hostile names, full disks, closed pipes.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::command::{CommandOutput, rolecall, run_command};
use crate::fixture::write_registry;

/// Clears the screen, reverses the order of letters, forges a line, hides itself.
const HOSTILE: &str = "a\u{1b}[2J\u{7}\r\u{9b}31m\u{202e}b\u{200b}\u{2028}\u{e0041}c";

/// Returns the characters that a terminal obeys or hides.
fn obeyed(text: &str) -> Vec<char> {
    let hidden = |character: &char| {
        let code = u32::from(*character);
        character.is_control() && *character != '\n'
            || matches!(code, 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff)
    };
    text.chars().filter(hidden).collect()
}

fn assert_clean(output: &CommandOutput) {
    assert!(obeyed(&output.out).is_empty(), "standard output of {output:?}");
    assert!(obeyed(&output.err).is_empty(), "standard error of {output:?}");
    assert!(output.code == 0 || output.code == 2, "{output:?}");
}

fn registry_with_hostile_tags(folder: &Path) -> String {
    write_registry(
        folder,
        &[json!({ "account_id": "111122223333", "external_id": null, "name": "a\u{202e}b",
                  "tags": { (HOSTILE): format!("{HOSTILE}\n999999999999  forged") } })],
    )
}

#[test]
fn no_command_prints_a_character_that_the_terminal_obeys() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = registry_with_hostile_tags(folder.path());
    let listed = run_command(rolecall(&["targets", "list", "--registry", &registry]));
    assert_clean(&listed);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(!listed.out.contains("\n999999999999"), "a value has a line of its own: {listed:?}");
    assert!(listed.out.contains(r"a\u{202e}b"), "{listed:?}");
    let json = run_command(rolecall(&["targets", "list", "--json", "--registry", &registry]));
    assert_clean(&json);
    assert_eq!(json.response()[0]["name"], "a\u{202e}b", "the JSON keeps its meaning");
    assert_eq!(json.response()[0]["tags"][HOSTILE], format!("{HOSTILE}\n999999999999  forged"));

    let place = folder.path().join(HOSTILE).display().to_string();
    let csv = folder.path().join("accounts.csv");
    std::fs::write(&csv, format!("account_id,{HOSTILE}\n{HOSTILE},\"{HOSTILE}\"\n")).expect("written");
    let csv = csv.to_str().expect("a path");
    let role = format!("arn:aws:iam::999999999999:role/{HOSTILE}");
    let commands: &[&[&str]] = &[
        &["schema", "duckdb", "--output", &place],
        &["status", "x", "--output", &place],
        &["status", HOSTILE, "--output", &place],
        &["targets", "list", "--registry", &place],
        &["targets", "import", "--csv", csv, "--customer", HOSTILE, "--registry", &registry],
        &["targets", "import", "--csv", &place, "--customer", "x", "--registry", &registry],
        &["targets", "import", "--profile-file", csv, "--no-external-id", "--registry", &registry],
        &["targets", "add", "111122224444", "--name", HOSTILE, "--registry", &registry],
        &["onboard", "--accounts-file", csv, "--customer", HOSTILE, "--registry", &registry],
        &["onboard", "111122224444", "--backend-role", &role, "--registry", &registry],
        &["run", "--accounts", HOSTILE, "--output", &place, "--registry", &registry],
        &["run", "--event", &place],
        &["plan", "--resources", HOSTILE, "--registry", &registry],
        &["policy", "customer", "--resources", HOSTILE],
        &["schema", HOSTILE],
        &[HOSTILE],
        &[&format!("--{HOSTILE}")],
        &["run", &format!("--{HOSTILE}=1")],
        &["--help"],
        &["run", "--help"],
    ];
    for arguments in commands {
        assert_clean(&run_command(rolecall(arguments)));
    }
    for setting in ["ROLECALL_OUTPUT", "ROLECALL_FORMAT", "ROLECALL_LOG", "ROLECALL_EC2_RATE", "AWS_REGION"] {
        let mut command = rolecall(&["plan", "--registry", &registry]);
        command.env(setting, HOSTILE);
        assert_clean(&run_command(command));
    }
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = registry_with_hostile_tags(folder.path());
    let commands: &[&[&str]] = &[
        &["schema", "duckdb", "--output", "nowhere/out"],
        &["schema", "athena"],
        &["schema", "manifest"],
        &["targets", "list", "--registry", &registry],
        &["targets", "list", "--json", "--registry", &registry],
        &["resources"],
        &["resources", "--json"],
        &["policy", "customer"],
        &["--help"],
        &["help", "run"],
        &["run", "--help"],
        &["--version"],
    ];
    for arguments in commands {
        let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("a full device"));
        let mut command = rolecall(arguments);
        let refused = run_command_with(&mut command, full(), Stdio::piped());
        assert_eq!(refused.code, 2, "{arguments:?} {refused:?}");
        assert!(refused.err.contains("standard output cannot be written"), "{arguments:?} {refused:?}");
        // Nobody can read the message, and the exit code stays.
        let mut command = rolecall(arguments);
        assert_eq!(run_command_with(&mut command, full(), full()).code, 2, "{arguments:?}");
        // A reader that has enough closes the pipe.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = rolecall(arguments);
        let cut = run_command_with(&mut command, writer.into(), Stdio::piped());
        assert_eq!((cut.code, cut.err.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn a_message_that_cannot_be_written_changes_no_exit_code() {
    let refused: &[&[&str]] = &[
        &["schema", "nonsense"],
        &["nonsense"],
        &[],
        &["targets", "list", "--registry", "nowhere/targets.json/x"],
        &["run", "--accounts", "12"],
        &["policy", "backend", "--listed"],
    ];
    for arguments in refused {
        for redirection in ["2>/dev/full", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"] {
            let code = shell(arguments, redirection);
            assert_eq!(code, 2, "{arguments:?} {redirection}");
        }
    }
    // What a closed descriptor should have taken is lost by the wish of the caller, as with /dev/null.
    for redirection in [">&-", "2>&-", "<&-", "<&- >&- 2>&-"] {
        assert_eq!(shell(&["resources"], redirection), 0, "{redirection}");
        let event = shell(&["run", "--event", "-", "--output", "nowhere"], redirection);
        assert_eq!(event, 2, "an event from standard input {redirection}");
    }
}

/// Runs a command by a shell with a redirection, and returns its exit code.
fn shell(arguments: &[&str], redirection: &str) -> i32 {
    let own = rolecall(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")]).arg(own.get_program()).args(arguments);
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(own.get_current_dir().expect("a folder")).stdin(Stdio::null());
    run_command(command).code
}

/// Runs a command with these standard streams.
fn run_command_with(command: &mut Command, out: Stdio, err: Stdio) -> CommandOutput {
    let output = command.stdout(out).stderr(err).spawn().and_then(std::process::Child::wait_with_output);
    let output = output.expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    CommandOutput { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

#[test]
fn a_process_without_threads_or_files_is_refused_without_a_panic() {
    for limit in ["ulimit -n 6", "ulimit -n 7", "ulimit -n 8"] {
        let own = rolecall(&[]);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit}; exec \"$0\" resources")]).arg(own.get_program());
        let output = run_command(command);
        assert!(output.code == 0 || output.code == 2, "{limit}: {output:?}");
    }
}
