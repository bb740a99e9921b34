//! The terminal's face: the same engine as the function's, with progress on standard error and one
//! result on standard output.

mod arguments;
mod catalogue;
mod check;
mod fleet;
mod onboard;
mod plan;
mod policy;
mod progress;
mod run;
mod show;
mod targets;

use std::process::ExitCode;

use clap::Parser;
use rolecall::refusal::Refusal;

use arguments::{Arguments, Command};

/// Refused or failed.
const REFUSED: u8 = 2;

/// A run makes and frees small things on every thread, for which the system's allocator takes a third of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run(run) => run::run(run).await,
        Command::Plan(plan) => plan::plan(plan).await,
        Command::Onboard(onboard) => onboard::onboard(onboard).await,
        Command::Check(check) => check::check(check).await,
        Command::Targets(targets) => targets::targets(targets).await,
        Command::Policy(policy) => policy::policy(policy).await,
        Command::Status(status) => fleet::status(status).await,
        Command::Resume(resume) => fleet::resume(resume).await,
        Command::Resources(resources) => catalogue::resources(&resources),
        Command::Schema(schema) => catalogue::schema(&schema).await,
    };
    done.unwrap_or_else(|refusal: Refusal| {
        eprintln!("rolecall: {}", refusal.kind.name());
        for line in refusal.message.lines() {
            eprintln!("  {line}");
        }
        ExitCode::from(REFUSED)
    })
}
