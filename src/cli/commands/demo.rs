//! `rolecall demo`: writes an inventory that is made up, to try the answers on.

use std::path::Path;
use std::process::ExitCode;

use super::resources::catalogue;
use crate::answers::demo;
use crate::cli::args::DemoArgs;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::settings::{Runtime, Settings};
use crate::terminal;

/// Writes the inventory into a new or empty folder, and says what to try.
pub(crate) async fn demo(arguments: DemoArgs) -> Result<ExitCode, Error> {
    let folder = arguments.to.display().to_string();
    require_empty(&arguments.to)?;
    let runs = demo::runs(catalogue()?).map_err(|what| Error::new(ErrorKind::Internal, what))?;
    let nights = runs.len();
    let engine =
        Engine::start(Settings { output: Some(folder.clone()), ..Settings::default() }, Runtime::Terminal).await;
    for run in runs {
        engine.record(run).await?;
    }
    let shown = if folder.contains(' ') { format!("'{folder}'") } else { folder };
    terminal::print(&format!(
        "An estate that is made up: three customers, six accounts, two regions, {nights} nights. It is in {shown}. Try:\n\n  \
         rolecall where 10.20.4.17 --output {shown}\n  \
         rolecall ask open-security-groups --output {shown}\n  \
         rolecall ask --output {shown}"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a folder that has anything in it: an inventory that is made up must not be mixed with a real one.
fn require_empty(folder: &Path) -> Result<(), Error> {
    let refused = |what: String| Error::new(ErrorKind::OutputNotWritable, format!("{}: {what}", folder.display()));
    match std::fs::read_dir(folder).map(|entries| entries.count()) {
        Ok(0) => Ok(()),
        Ok(_) => Err(refused("the folder is not empty: name a new one".into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused(error.to_string())),
    }
}
