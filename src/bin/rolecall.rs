//! The command line: `rolecall`.

use std::process::ExitCode;

/// A run allocates and frees small objects on every thread. The system's allocator would take a third of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rolecall::cli::main()
}
