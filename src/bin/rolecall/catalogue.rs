//! `rolecall resources` and `rolecall schema`.

use std::process::ExitCode;

use rolecall::catalogue::{Catalogue, Reach};
use rolecall::plan::Face;
use rolecall::refusal::{Refusal, RefusalKind};
use rolecall::run::Engine;
use rolecall::{schema, views};
use serde_json::json;

use crate::arguments::{Resources, Schema};
use crate::show;

/// The catalogue, which can only be wrong by a mistake of ours.
pub fn catalogue() -> Result<&'static Catalogue, Refusal> {
    Catalogue::get().map_err(|what| Refusal::new(RefusalKind::Internal, what))
}

pub fn resources(arguments: &Resources) -> Result<ExitCode, Refusal> {
    let catalogue = catalogue()?;
    if arguments.json {
        let types = catalogue.tables().iter().map(|table| {
            json!({
                "table": table.entry.table, "reach": table.entry.reach, "operation": table.entry.operation,
                "scope": table.entry.scope, "part": table.part(),
                "actions": table.actions(), "parent": table.parents().map(|parents| parents.table),
                "columns": table.all_columns(), "secrets": table.secrets(),
            })
        });
        show::print_json(&types.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = show::table(&["type", "reach", "actions"], 3);
    for resource in catalogue.tables() {
        let reach = if resource.entry.reach == Reach::Regional { "regional" } else { "global" };
        table.add_row([resource.entry.table.to_owned(), reach.to_owned(), resource.actions().join("\n")]);
    }
    show::print(&table.trim_fmt());
    Ok(ExitCode::SUCCESS)
}

pub async fn schema(arguments: &Schema) -> Result<ExitCode, Refusal> {
    match arguments.name.as_deref() {
        Some("duckdb") => {
            let engine = Engine::start(arguments.settings()?, Face::Terminal).await;
            show::print(&engine.duckdb().await?);
        }
        Some("athena") => {
            show::print(&views::athena(&views::tables(catalogue()?)));
        }
        _ => documents(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn documents(arguments: &Schema) -> Result<(), Refusal> {
    for (name, schema) in schema::all() {
        if let Some(folder) = &arguments.write {
            let path = folder.join(format!("{name}.schema.json"));
            let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, schema::text(&schema)));
            written.map_err(|error| {
                Refusal::new(RefusalKind::OutputNotWritable, format!("{}: {error}", path.display()))
            })?;
        } else if arguments.name.as_deref() == Some(name) {
            show::print(&schema::text(&schema));
        }
    }
    Ok(())
}
