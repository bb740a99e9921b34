//! What the commands that answer share: they open the estate, read the registry if one is named, and print the answer.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;

use crate::answers::changes::{Changes, compare_tables};
use crate::answers::estate::{Estate, Moment, run_times, whole_run_before};
use crate::answers::facts::{Facts, Read, RowFilter};
use crate::answers::lookup::{Query, narrow};
use crate::answers::questions::SINCE;
use crate::cli::answers::{AnswerSet, print, save_workbook};
use crate::cli::args::{DiffSide, EstateArgs, ShapeArgs};
use crate::customers::Registry;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::logging;
use crate::settings::Runtime;

/// Exit code of `--check` if there are findings or unknown cells.
pub(super) const FOUND: u8 = 1;

/// An estate that is opened for the arguments of a command.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) estate: Estate,
    /// The engine that reads the output.
    pub(super) engine: Engine,
    moment: Moment,
    pub(super) selection: RowFilter,
    /// The registry, if one is named.
    pub(super) registry: Option<Arc<Registry>>,
}

/// Opens the estate. Only the cells of these tables are read, if they are given.
pub(super) async fn open(arguments: &EstateArgs, tables: Option<&[&str]>) -> Result<Opened, Error> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    // What is wrong with the arguments is said before anything is read.
    let selection = arguments.selection()?;
    let names_registry = settings.registry.is_some();
    let engine = Engine::start(settings, Runtime::Terminal).await;
    let registry = if names_registry { Some(Arc::new(engine.registry().await?)) } else { None };
    let moment = match (&arguments.run, arguments.at) {
        (Some(run_id), _) => Moment::Run(run_id.clone()),
        (None, Some(at)) => Moment::At(at),
        (None, None) => Moment::Now,
    };
    let estate = Estate::open(&engine, &moment, tables).await?;
    estate.require_regions(&selection)?;
    Ok(Opened { estate, engine, moment, selection, registry })
}

impl Opened {
    /// Reads the rows of an answer.
    pub(super) async fn facts(&self, reads: &[Read]) -> Result<Facts, Error> {
        Ok(self.named(self.estate.facts(reads, self.selection.clone()).await?))
    }

    /// The estate at an earlier moment: of a run, a time or a date, else of the run of everything before the newest one. Only the
    /// cells of these tables are read, if they are given. It is empty if there was no such run.
    pub(super) async fn earlier(&self, since: &str, tables: Option<&[&str]>) -> Result<Estate, Error> {
        let invalid =
            |what: String| Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one(format!("--{SINCE}"), what));
        let at = match since {
            "" => whole_run_before(&self.engine, &self.moment).await?.map_or(Timestamp::MIN, |run| run.committed_at),
            since => match DiffSide::parse(since).map_err(invalid)? {
                DiffSide::At(at) => at,
                DiffSide::Run(run_id) => run_times(&self.engine, &run_id).await?.1,
            },
        };
        if since.is_empty() {
            return Estate::open_or_empty(&self.engine, &Moment::At(at), tables).await;
        }
        Estate::open(&self.engine, &Moment::At(at), tables).await
    }

    /// What changed in some tables since an earlier estate.
    pub(super) async fn changes(&self, earlier: &Estate, tables: &[&'static str]) -> Result<Changes, Error> {
        compare_tables(earlier, &self.estate, tables, &self.selection).await
    }

    /// Reads the rows that an answer to these terms needs.
    pub(super) async fn narrowed(&self, terms: &[Query], reads: &[Read]) -> Result<Facts, Error> {
        let facts = Facts::new(Vec::new(), self.estate.cells().await, self.selection.clone(), self.estate.at());
        let mut facts = self.named(facts);
        narrow(&mut facts, &mut self.estate.search(reads), terms, reads).await?;
        Ok(facts)
    }

    /// Adds the names of accounts in the registry.
    fn named(&self, mut facts: Facts) -> Facts {
        for target in self.registry.as_deref().into_iter().flat_map(|registry| &registry.targets) {
            if let Some(name) = &target.name {
                facts.account_names.insert(target.account_id.to_string(), name.clone());
            }
        }
        facts
    }

    /// Every table of the inventory, for answers about the ledger itself.
    pub(super) fn every_table(&self) -> Vec<Read> {
        self.estate.tables().map(|table| Read::subject(table, &[])).collect()
    }

    /// Whether an account is no longer a target of the registry. Null without a registry, and if nobody knows.
    pub(super) fn offboarded(&self, account_id: &str) -> Option<bool> {
        self.registry.as_deref()?.is_offboarded(account_id)
    }
}

/// Prints an answer, or writes it to a workbook. Returns the exit code.
pub(super) fn deliver(set: &AnswerSet, shape: &ShapeArgs) -> Result<ExitCode, Error> {
    show(set, shape)?;
    let unknown = |coverage: &crate::answers::facts::Coverage| !coverage.unknown.is_empty();
    let is_found = set.answers().iter().any(|answer| {
        answer.coverage.as_ref().is_some_and(|coverage| unknown(coverage) || !answer.sheet.rows.is_empty())
    });
    Ok(if shape.check && is_found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// Prints an answer, or writes it to a workbook.
pub(super) fn show(set: &AnswerSet, shape: &ShapeArgs) -> Result<(), Error> {
    match &shape.to {
        Some(path) => save_workbook(set, path),
        None => print(set, shape.format, shape.layout()),
    }
}
