//! The command line: `rolecall`.

use std::process::ExitCode;

/// A run makes and frees small things on every thread, for which the system's allocator takes a third of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rolecall::cli::main().await
}
