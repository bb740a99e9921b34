//! `rolecall resources` and `rolecall schema`.

use std::process::ExitCode;

use crate::catalogue::{Catalogue, Reach};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::output::views;
use crate::schema;
use crate::settings::Runtime;
use serde_json::json;

use crate::cli::args::{ResourcesArgs, SchemaArgs};
use crate::cli::printer;

/// The catalogue, which can only be wrong by a mistake of ours.
pub(crate) fn catalogue() -> Result<&'static Catalogue, Error> {
    Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))
}

pub(crate) fn resources(arguments: &ResourcesArgs) -> Result<ExitCode, Error> {
    let catalogue = catalogue()?;
    if arguments.json {
        let types = catalogue.tables().iter().map(|table| {
            json!({
                "table": table.entry.table, "reach": table.entry.reach, "operation": table.entry.operation,
                "scope": table.entry.scope, "part": table.service_domain(),
                "actions": table.actions(), "parent": table.parents().map(|parents| parents.table),
                "columns": table.all_columns(), "secrets": table.secrets(),
            })
        });
        printer::print_json(&types.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = printer::table(&["type", "reach", "actions"], 3);
    for resource in catalogue.tables() {
        let reach = if resource.entry.reach == Reach::Regional { "regional" } else { "global" };
        table.add_row([resource.entry.table.to_owned(), reach.to_owned(), resource.actions().join("\n")]);
    }
    printer::print(&table.trim_fmt());
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn schema(arguments: &SchemaArgs) -> Result<ExitCode, Error> {
    match arguments.name.as_deref() {
        Some("duckdb") => {
            let engine = Engine::start(arguments.settings()?, Runtime::Terminal).await;
            printer::print(&engine.duckdb().await?);
        }
        Some("athena") => {
            printer::print(&views::athena(&views::tables(catalogue()?)));
        }
        _ => documents(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn documents(arguments: &SchemaArgs) -> Result<(), Error> {
    for (name, schema) in schema::all() {
        if let Some(folder) = &arguments.write {
            let path = folder.join(format!("{name}.schema.json"));
            let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, schema::text(&schema)));
            written
                .map_err(|error| Error::new(ErrorKind::OutputNotWritable, format!("{}: {error}", path.display())))?;
        } else if arguments.name.as_deref() == Some(name) {
            printer::print(&schema::text(&schema));
        }
    }
    Ok(())
}
