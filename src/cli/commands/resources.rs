//! `rolecall resources` and `rolecall schema`: the resource types, and documents generated from them and from the code.

use std::process::ExitCode;

use serde_json::json;

use crate::answers::questions;
use crate::catalogue::{Catalogue, Reach};
use crate::cli::args::{ResourcesArgs, SchemaArgs};
use crate::cli::text_table::TextTable;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::logging;
use crate::output::views;
use crate::schema;
use crate::settings::{Runtime, SETTINGS};
use crate::terminal;

/// Returns the catalogue. An invalid one is a bug in rolecall.
pub(crate) fn catalogue() -> Result<&'static Catalogue, Error> {
    Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))
}

/// Lists the resource types.
pub(crate) fn resources(arguments: &ResourcesArgs) -> Result<ExitCode, Error> {
    let catalogue = catalogue()?;
    if arguments.json {
        let types = catalogue.tables().iter().map(|table| {
            let measures =
                table.entry.measures.iter().map(
                    |measure| json!({ "member": measure.member, "detail": measure.detail, "reason": measure.reason }),
                );
            json!({
                "measures": measures.collect::<Vec<_>>(),
                "table": table.entry.table, "reach": table.entry.reach, "operation": table.entry.operation,
                "scope": table.entry.scope, "part": table.service_domain(),
                "actions": table.actions(), "parent": table.parents().map(|parents| parents.table),
                "columns": table.all_columns(), "secrets": table.secrets(),
            })
        });
        terminal::print_json(&types.collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = TextTable::new(&["type", "reach", "actions"], 3);
    for resource in catalogue.tables() {
        let reach = if resource.entry.reach == Reach::Regional { "regional" } else { "global" };
        table.add_row_of_lines([resource.entry.table.to_owned(), reach.to_owned(), resource.actions().join("\n")]);
    }
    terminal::print(&table.render())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints or writes a generated document.
pub(crate) async fn schema(arguments: &SchemaArgs) -> Result<ExitCode, Error> {
    match arguments.name.as_deref() {
        Some("duckdb") => {
            let settings = arguments.settings()?;
            logging::to_terminal(settings.log.as_deref(), 0);
            let engine = Engine::start(settings, Runtime::Terminal).await;
            terminal::print(&engine.duckdb().await?)?;
        }
        Some("athena") => {
            terminal::print(&views::athena(&views::tables(catalogue()?)))?;
        }
        Some("athena-names") => {
            terminal::print(&views::athena_names(&views::tables(catalogue()?)))?;
        }
        Some("settings") => terminal::print_json(&SETTINGS)?,
        Some("questions") => terminal::print_json(&questions::document())?,
        _ => json_schemas(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn json_schemas(arguments: &SchemaArgs) -> Result<(), Error> {
    for (name, schema) in schema::all() {
        if let Some(folder) = &arguments.write {
            let path = folder.join(format!("{name}.schema.json"));
            let result = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, schema::text(&schema)));
            result.map_err(|error| Error::new(ErrorKind::OutputNotWritable, format!("{}: {error}", path.display())))?;
        } else if arguments.name.as_deref() == Some(name) {
            terminal::print(&schema::text(&schema))?;
        }
    }
    Ok(())
}
