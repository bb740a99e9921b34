//! `rolecall report`: writes the estate as one HTML page, and the links of its map as a table.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::open;
use crate::answers::changes::RunPair;
use crate::answers::questions::{ColumnKind, of_one_moment};
use crate::answers::report::{MapLink, PageSource, RegisteredAccounts, ReportDocument, ReportInputs, write_page};
use crate::cli::answers::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn, save_file, save_rows};
use crate::cli::args::ReportArgs;
use crate::error::Error;
use crate::terminal;

/// Writes the page, the links, or both.
pub(crate) async fn report(arguments: ReportArgs) -> Result<ExitCode, Error> {
    // What is wrong with the arguments is said before anything is read.
    let table = arguments.links()?;
    let options = of_one_moment().map(|question| Ok((question, arguments.options.options_of_all(question)?)));
    let options = options.collect::<Result<Vec<_>, Error>>()?;
    let estate = open(&arguments.estate, None).await?;
    let is_newest = arguments.estate.at.is_none() && arguments.estate.run.is_none();
    let pair = match &arguments.to {
        Some(_) if is_newest => RunPair::newest(&estate.engine).await?,
        _ => None,
    };
    let inputs = ReportInputs {
        options,
        registered: estate.registry.as_deref().map(RegisteredAccounts::of_registry),
        has_verdicts: arguments.to.is_some(),
        narrowed: arguments.estate.narrowing(),
        ..ReportInputs::default()
    };
    let source = PageSource { estate: estate.estate, pair, selection: estate.selection, inputs };
    let document = source.document().await?;
    if let Some(path) = &arguments.to {
        save_page(&document, path)?;
        terminal::print(&format!("{}: {}", path.display(), document.summary()))?;
    }
    if let Some((path, format)) = table {
        save_rows(&links(document.links()), format, path)?;
        terminal::print(&format!("{}: {} links", path.display(), document.links().len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn save_page(document: &ReportDocument, path: &Path) -> Result<(), Error> {
    save_file::<std::io::Error>(path, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        write_page(document, &mut out)?;
        out.flush()
    })
}

/// The table `links`.
fn links(links: &[MapLink]) -> AnswerSet {
    let columns = ["account_id", "region", "from", "to", "kind", "via", "state"];
    let columns = columns.map(|name| SheetColumn { name, kind: ColumnKind::Text }).to_vec();
    let row = |link: &MapLink| -> Vec<Value> {
        let own = [&link.account, &link.region, &link.from, &link.to].map(|text| json!(text));
        own.into_iter().chain([json!(link.kind), json!(link.via), json!(link.state)]).collect()
    };
    let sheet = AnswerSheet { columns, rows: links.iter().map(row).collect() };
    AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: None })
}
