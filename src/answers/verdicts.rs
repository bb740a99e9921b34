//! The verdicts on the DNS records of an estate: reads what the judge needs, and gives each row its columns.
//!
//! **Invariant:** of a table of holders no more stays in memory than the judge keeps, and no row of the answer is kept.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::dns::{AskedRecords, DnsJudge, DnsRow, MissingCells, PublishedRanges, holder_reads, zone_reads};
use super::estate::Estate;
use super::facts::{Coverage, Facts, Read, RowFilter, UnknownCell};
use super::questions::ColumnKind;
use crate::catalogue::Catalogue;
use crate::error::{Error, ErrorKind};

/// The columns of a row.
pub(crate) const VERDICT_COLUMNS: [(&str, ColumnKind); 13] = [
    ("account_id", ColumnKind::Text),
    ("hosted_zone_id", ColumnKind::Text),
    ("zone_name", ColumnKind::Text),
    ("private_zone", ColumnKind::Flag),
    ("name", ColumnKind::Text),
    ("type", ColumnKind::Text),
    ("set_identifier", ColumnKind::Text),
    ("target", ColumnKind::Text),
    ("verdict", ColumnKind::Text),
    ("kind", ColumnKind::Text),
    ("holder", ColumnKind::Json),
    ("reason", ColumnKind::Text),
    ("needs", ColumnKind::Json),
];

/// The unknown cells that a row lists. The coverage lists all, and the reason says how many there are.
const MOST_NEEDS: usize = 50;

/// The tables and columns that verdicts are made of.
#[derive(Debug)]
pub(crate) struct VerdictReads {
    collected: BTreeSet<&'static str>,
    holders: Vec<Read>,
    zones: Vec<Read>,
}

impl VerdictReads {
    pub(crate) fn of_catalogue() -> Result<Self, Error> {
        let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
        let collected = catalogue.tables().iter().map(|table| table.entry.table).collect();
        let (holders, zones) = (holder_reads(&collected), zone_reads(&collected));
        Ok(Self { collected, holders, zones })
    }

    pub(crate) fn all(&self) -> Vec<Read> {
        self.holders.iter().chain(&self.zones).copied().collect()
    }
}

/// The records of an estate, and whatever can hold a target of theirs.
#[derive(Debug)]
pub(crate) struct EstateJudge<'p> {
    judge: DnsJudge<'p>,
    /// The records and their zones.
    facts: Facts,
    reads: Vec<Read>,
}

/// What the verdicts are based on, and how many of them somebody has to look at.
#[derive(Debug)]
pub(crate) struct JudgedRecords {
    pub coverage: Coverage,
    pub findings: u64,
    pub reads: Vec<Read>,
}

impl<'p> EstateJudge<'p> {
    /// Reads the tables.
    pub(crate) async fn open(
        estate: &Estate,
        selection: &RowFilter,
        reads: VerdictReads,
        ranges: &'p PublishedRanges,
    ) -> Result<Self, Error> {
        let all = reads.all();
        let mut judge = DnsJudge::new(ranges, reads.collected);
        for read in &reads.holders {
            // One table after another, since a fleet's are large, and little of each is kept.
            judge.add_holders(&estate.facts(std::slice::from_ref(read), selection.clone()).await?);
        }
        let facts = estate.facts(&reads.zones, selection.clone()).await?;
        Ok(Self { judge, facts, reads: all })
    }

    /// Judges the records that are asked for. Each row is given away at once.
    pub(crate) fn judge(self, asked: &AskedRecords, mut accept: impl FnMut(&DnsRow)) -> JudgedRecords {
        let mut basis = VerdictBasis::default();
        let mut findings = 0;
        self.judge.judge(&self.facts, asked, |row| {
            findings += u64::from(row.verdict.is_finding());
            basis.add(&row);
            accept(&row);
        });
        let coverage = basis.coverage(self.facts.cells.coverage(&self.reads, &self.facts.selection));
        JudgedRecords { coverage, findings, reads: self.reads }
    }
}

/// The unknown cells that rows need, and the times of the rows.
#[derive(Debug, Default)]
struct VerdictBasis {
    cells: BTreeSet<UnknownCell>,
    /// The lists of cells that were added, by their addresses: most rows share theirs with others.
    added: HashMap<usize, MissingCells>,
    as_of: Coverage,
}

impl VerdictBasis {
    fn add(&mut self, row: &DnsRow) {
        self.as_of.saw(row.collected_at);
        if !row.needs.is_empty() && self.added.insert(row.needs.as_ptr() as usize, row.needs.clone()).is_none() {
            self.cells.extend(row.needs.iter().cloned());
        }
    }

    /// What the answer is based on: the tables that it reads, and cells of regions in which nobody asked.
    fn coverage(&self, of_tables: Coverage) -> Coverage {
        let mut unknown: BTreeSet<UnknownCell> = of_tables.unknown.into_iter().collect();
        let known = unknown.len();
        unknown.extend(self.cells.iter().cloned());
        let cells = of_tables.cells + (unknown.len() - known) as u64;
        Coverage { as_of: self.as_of.as_of, unknown: unknown.into_iter().collect(), cells, ..Coverage::default() }
    }
}

/// The values of a row, in the order of [`VERDICT_COLUMNS`].
pub(crate) fn verdict_values(row: &DnsRow) -> Vec<Value> {
    let listed = &row.needs[..row.needs.len().min(MOST_NEEDS)];
    vec![
        json!(row.account_id),
        json!(row.hosted_zone_id),
        json!(row.zone_name),
        json!(row.private_zone),
        json!(row.name),
        json!(row.r#type),
        json!(row.set_identifier),
        json!(row.target),
        json!(row.verdict),
        json!(row.kind),
        json!(row.holder),
        json!(row.reason),
        json!(listed),
    ]
}
