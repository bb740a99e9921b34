//! `rolecall export`: writes the estate as files for other tools.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::json;

use super::answer::{FOUND, Opened, open};
use super::export_folder::ExportFolder;
use super::export_netbox::export_netbox;
use super::export_tables::export_tables;
use crate::answers::export::{
    Accept, ExportFile, ExportSummary, HOST_READS, export_bind, export_hosts, export_octodns, exported_zone_reads,
};
use crate::answers::facts::{Coverage, Facts, Read};
use crate::catalogue::Catalogue;
use crate::cli::answers::{coverage_line, unknown_lines};
use crate::cli::args::{ExportArgs, ExportFormat};
use crate::error::{Error, ErrorKind};
use crate::terminal;

/// Makes the files of facts.
type Exporter = fn(&Facts, Accept<'_>) -> Result<ExportSummary, Error>;

/// Writes the files, and says what they have and do not have.
pub(crate) async fn export(arguments: ExportArgs) -> Result<ExitCode, Error> {
    // What is wrong with the arguments is said before anything is read.
    arguments.validate()?;
    arguments.estate.selection()?;
    let folder = ExportFolder::begin(&arguments.to)?;
    let mut changes = None;
    let (summary, coverage) = match arguments.format {
        ExportFormat::Csv | ExportFormat::Xlsx => export_tables(&arguments, &folder).await?,
        ExportFormat::Bind => of_facts(&arguments, &folder, &zone_reads()?, export_bind).await?,
        ExportFormat::Octodns => of_facts(&arguments, &folder, &zone_reads()?, export_octodns).await?,
        ExportFormat::Hosts => of_facts(&arguments, &folder, HOST_READS, export_hosts).await?,
        ExportFormat::Netbox => {
            let (summary, coverage, difference) = export_netbox(&arguments, &folder).await?;
            changes = difference;
            (summary, coverage)
        }
    };
    put_basis(&arguments, &folder, &summary, &coverage)?;
    folder.finish()?;
    let mut lines = vec![format!("{}: {}", arguments.to.display(), summary.written.join(", "))];
    lines.extend(summary.left_out.iter().take(SHOWN).map(|what| format!("Left out: {}.", terminal::one_line(what))));
    if summary.left_out.len() > SHOWN {
        lines.push(format!("Left out: {} more, which README.md lists.", summary.left_out.len() - SHOWN));
    }
    lines.extend(summary.remarks.iter().map(|what| format!("Note: {what}.")));
    lines.push(coverage_line(&coverage));
    terminal::print(&lines.join("\n"))?;
    if let Some(changes) = changes {
        changes.finish(arguments.apply).await?;
    }
    let is_found = arguments.check && !coverage.unknown.is_empty();
    Ok(if is_found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// The lines of what was left out that a terminal shows.
const SHOWN: usize = 10;
/// The unknown cells that `README.md` lists. The file `coverage.json` has all.
const LISTED: usize = 100;

fn zone_reads() -> Result<Vec<Read>, Error> {
    let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
    let collected: BTreeSet<&'static str> = catalogue.tables().iter().map(|table| table.entry.table).collect();
    Ok(exported_zone_reads(&collected))
}

/// Reads what a format needs, and writes its files.
async fn of_facts(
    arguments: &ExportArgs,
    folder: &ExportFolder,
    reads: &[Read],
    export: Exporter,
) -> Result<(ExportSummary, Coverage), Error> {
    let tables: Vec<&str> = reads.iter().map(|read| read.table).collect();
    let estate: Opened = open(&arguments.estate, Some(&tables)).await?;
    let facts = estate.facts(reads).await?;
    let summary = export(&facts, &mut |file| folder.put(&file))?;
    let coverage = facts.cells.coverage(reads, &facts.selection);
    let coverage = Coverage { as_of: summary.as_of.as_of, ..coverage };
    Ok((summary, coverage))
}

/// Writes what the export is based on: for people, and for programs.
fn put_basis(
    arguments: &ExportArgs,
    folder: &ExportFolder,
    summary: &ExportSummary,
    coverage: &Coverage,
) -> Result<(), Error> {
    let narrowing = arguments.estate.narrowing();
    let document = json!({
        "narrowing": narrowing,
        "written": summary.written,
        "left_out": summary.left_out,
        "remarks": summary.remarks,
        "coverage": coverage,
    });
    folder.put(&ExportFile::json("coverage.json", &document))?;
    let mut text = format!("# An export of rolecall\n\n{}.\n", summary.written.join(", "));
    if !narrowing.is_empty() {
        text.push_str(&format!("\nNarrowed to {}.\n", terminal::one_line(&narrowing.join("; "))));
    }
    for (title, lines) in [("What it does not have", &summary.left_out), ("To know", &summary.remarks)] {
        if !lines.is_empty() {
            text.push_str(&format!("\n## {title}\n\n"));
            // Indented, so that nothing in a name is markup.
            lines.iter().for_each(|line| text.push_str(&format!("    {}\n", terminal::one_line(line))));
        }
    }
    text.push_str("\n## What it is based on\n\n");
    text.push_str(&format!("    {}\n", coverage_line(coverage)));
    unknown_lines(coverage).take(LISTED).for_each(|line| text.push_str(&format!("    {line}\n")));
    if coverage.unknown.len() > LISTED {
        text.push_str(&format!("    and {} more\n", coverage.unknown.len() - LISTED));
    }
    folder.put(&ExportFile { path: "README.md".to_owned(), bytes: text.into_bytes() })
}
