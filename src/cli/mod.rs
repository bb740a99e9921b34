//! The command line: it runs the same engine as the function, with progress on standard error and one result on standard
//! output.

mod args;
mod printer;
mod progress;
mod state_machine;
mod local_run;
mod commands;

use std::process::ExitCode;

use clap::Parser;

use crate::error::Error;
use args::{Cli, Command};
use commands::{check, onboard, plan, policy, resources, resume, run, targets};

/// Exit code for a command that was refused or failed.
const REFUSED: u8 = 2;

/// Parses the arguments, carries out the command and returns its exit code.
pub async fn main() -> ExitCode {
    let arguments = Cli::parse();
    let result = match arguments.command {
        Command::Run(run) => run::run(run).await,
        Command::Plan(plan) => plan::plan(plan).await,
        Command::Onboard(onboard) => onboard::onboard(onboard).await,
        Command::Check(check) => check::check(check).await,
        Command::Targets(targets) => targets::targets(targets).await,
        Command::Policy(policy) => policy::policy(policy).await,
        Command::Status(status) => resume::status(status).await,
        Command::Resume(resume) => resume::resume(resume).await,
        Command::Resources(resources) => resources::resources(&resources),
        Command::Schema(schema) => resources::schema(&schema).await,
    };
    result.unwrap_or_else(|error: Error| {
        eprintln!("rolecall: {}", error.kind.name());
        for line in error.message.lines() {
            eprintln!("  {line}");
        }
        ExitCode::from(REFUSED)
    })
}
