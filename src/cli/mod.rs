//! The command line: it runs the same engine as the function, with progress on standard error
//! and one result on standard output.

mod text_table;
mod answers;
mod args;
mod printer;
mod progress;
mod state_machine;
mod given_targets;
mod local_run;
mod commands;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser;
use clap::error::ErrorKind as ArgumentErrorKind;
use futures::FutureExt;

use crate::domain::lock;
use crate::error::{Error, ErrorKind};
use crate::terminal;
use args::{Cli, Command};
use commands::{
    ask, check, demo, diff, dns, documents, export, history, look_up, onboard, plan, policy, report, resources, resume,
    run, targets, trust,
};

/// Exit code for a command that was refused or failed.
const REFUSED: u8 = 2;

/// The text of the last panic, with its place.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Parses the arguments, carries out the command and returns its exit code. No panic ends the process: it is reported
/// as any other error.
pub fn main() -> ExitCode {
    // A panic that is caught on the way is reported with what it was about, so its text is only kept.
    std::panic::set_hook(Box::new(|panic| *lock(&LAST_PANIC) = Some(panic.to_string())));
    let result = std::panic::catch_unwind(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| Error::new(ErrorKind::Internal, format!("no thread can be started: {error}")))?;
        runtime.block_on(AssertUnwindSafe(command()).catch_unwind()).unwrap_or_else(|_| Err(panicked()))
    });
    result.unwrap_or_else(|_| Err(panicked())).unwrap_or_else(|error| {
        let lines: String = error.message.lines().map(|line| format!("\n  {line}")).collect();
        terminal::note(&format!("{}{lines}", error.kind.name()));
        ExitCode::from(REFUSED)
    })
}

fn panicked() -> Error {
    if let Some(text) = lock(&LAST_PANIC).take() {
        terminal::note_text(&text);
    }
    Error::new(ErrorKind::Internal, "a mistake in rolecall itself ended the command: please report the lines above")
}

async fn command() -> Result<ExitCode, Error> {
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return report_arguments(&error),
    };
    match arguments.command {
        Command::Run(run) => run::run(run).await,
        Command::Plan(plan) => plan::plan(plan).await,
        Command::Onboard(onboard) => onboard::onboard(onboard).await,
        Command::Check(check) => check::check(check).await,
        Command::Trust(trust) => trust::trust(trust).await,
        Command::Targets(targets) => targets::targets(targets).await,
        Command::Policy(policy) => policy::policy(policy).await,
        Command::Status(status) => resume::status(status).await,
        Command::Resume(resume) => resume::resume(resume).await,
        Command::Where(arguments) => look_up::look_up(arguments).await,
        Command::History(arguments) => history::history(arguments).await,
        Command::Diff(arguments) => diff::diff(arguments).await,
        Command::Ask(arguments) => ask::ask(arguments).await,
        Command::Dns(arguments) => dns::dns(arguments).await,
        Command::Report(arguments) => report::report(arguments).await,
        Command::Export(arguments) => export::export(arguments).await,
        Command::Demo(arguments) => demo::demo(arguments).await,
        Command::Resources(resources) => resources::resources(&resources),
        Command::Schema(schema) => resources::schema(&schema).await,
        Command::Completions(arguments) => documents::completions(&arguments),
        Command::Man(arguments) => documents::man(&arguments),
    }
}

/// Prints the help or the version to standard output, and anything else to standard error. An error repeats arguments,
/// so it is printed without styles.
fn report_arguments(error: &clap::Error) -> Result<ExitCode, Error> {
    let rendered = error.render();
    match error.kind() {
        ArgumentErrorKind::DisplayHelp | ArgumentErrorKind::DisplayVersion => {
            terminal::print_help(&rendered.ansi().to_string(), &rendered.to_string())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            terminal::note_text(&rendered.to_string());
            Ok(ExitCode::from(REFUSED))
        }
    }
}
