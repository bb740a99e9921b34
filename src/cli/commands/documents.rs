//! `rolecall completions` and `rolecall man`: what a shell and `man` need to know of the commands.
//!
//! **Invariant:** both come from the arguments themselves, so they cannot differ from `--help`.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::args::{Cli, CompletionsArgs, ManArgs};
use crate::error::{Error, ErrorKind};
use crate::terminal;

/// The program and its version, at the foot of every page.
const SOURCE: &str = concat!("rolecall ", env!("CARGO_PKG_VERSION"));

/// The name of the program, and of its page.
const PROGRAM: &str = "rolecall";

/// Prints the script with which a shell completes commands, flags and values.
pub(crate) fn completions(arguments: &CompletionsArgs) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), PROGRAM, &mut script);
    terminal::stream(|out| out.write_all(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the page of the program or of one of its commands, or writes all pages into a folder.
pub(crate) fn man(arguments: &ManArgs) -> Result<ExitCode, Error> {
    let pages = pages();
    if let Some(folder) = &arguments.write {
        write_pages(folder, &pages)?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = [PROGRAM].into_iter().chain(arguments.command.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    let Some((_, page)) = pages.iter().find(|(known, _)| *known == name) else {
        let what = format!("there is no command `{}`: `rolecall --help` lists them", arguments.command.join(" "));
        return Err(Error::new(ErrorKind::InvalidRequest, what));
    };
    terminal::stream(|out| out.write_all(page))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the page of the program and of every command, each with its name, such as `rolecall-run`.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    let mut commands = vec![(PROGRAM.to_owned(), program)];
    while let Some((name, command)) = commands.pop() {
        let below = command.get_subcommands().filter(|below| !below.is_hide_set());
        commands.extend(below.map(|below| (format!("{name}-{}", below.get_name()), below.clone())));
        let mut page = Vec::new();
        // Writing into memory does not fail.
        let man = Man::new(command.display_name(name.clone())).title(name.to_uppercase()).source(SOURCE);
        if man.render(&mut page).is_ok() {
            pages.push((name, page));
        }
    }
    pages.sort();
    pages
}

fn write_pages(folder: &Path, pages: &[(String, Vec<u8>)]) -> Result<(), Error> {
    let not_written = |path: &Path, error: &std::io::Error| {
        Error::new(ErrorKind::OutputNotWritable, format!("{} cannot be written: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| not_written(folder, &error))?;
    for (name, page) in pages {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page).map_err(|error| not_written(&path, &error))?;
    }
    Ok(())
}
