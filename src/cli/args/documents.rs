//! The arguments of `rolecall completions` and `rolecall man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell. bash: write the script to ~/.local/share/bash-completion/completions/rolecall
    pub shell: Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The command, such as `targets import`; without it, the program
    #[arg(value_name = "COMMAND", conflicts_with = "write")]
    pub command: Vec<String>,
    /// Write all pages to this folder, such as ~/.local/share/man/man1
    #[arg(long, value_name = "FOLDER")]
    pub write: Option<PathBuf>,
}
