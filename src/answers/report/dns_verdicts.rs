//! The sheet of verdicts on DNS records.
//!
//! **Invariant:** judges nothing itself. The rows are those of `rolecall dns`.

use super::report_limits::SHEET_ROWS;
use super::report_sheet::{ReportSheet, RowList, SheetTitle, column};
use crate::answers::dns::{AskedRecords, PublishedRanges};
use crate::answers::estate::Estate;
use crate::answers::facts::RowFilter;
use crate::answers::verdicts::{EstateJudge, JudgedRecords, VERDICT_COLUMNS, VerdictReads, verdict_values};
use crate::error::{Error, ErrorKind};

/// The verdicts on all records, as `rolecall dns` lists them.
#[derive(Debug)]
pub(crate) struct DnsVerdicts {
    pub(super) rows: RowList,
    pub(super) judged: JudgedRecords,
}

impl DnsVerdicts {
    /// Reads the records and what can hold their targets, and judges them away from the tasks that talk to AWS.
    pub(super) async fn of(estate: &Estate, selection: &RowFilter) -> Result<Self, Error> {
        let reads = VerdictReads::of_catalogue()?;
        let judge = EstateJudge::open(estate, selection, reads, PublishedRanges::included()).await?;
        let judged = tokio::task::spawn_blocking(move || {
            let mut rows = RowList::new(SHEET_ROWS);
            let judged = judge.judge(&AskedRecords::default(), |row| rows.add(|| verdict_values(row)));
            Self { rows, judged }
        });
        judged.await.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
    }

    pub(super) fn into_sheet(self) -> ReportSheet {
        let title = SheetTitle {
            name: "dns-verdicts",
            title: "Verdicts",
            description: "Each value of each record set with the resource that holds its target, and a verdict.",
            why: "A name whose target nobody holds may be taken by somebody else.",
            command: "rolecall dns".to_owned(),
        };
        let columns = VERDICT_COLUMNS.iter().map(|(name, kind)| column(name, *kind)).collect();
        ReportSheet::of_list(title, columns, self.rows, &self.judged.coverage)
    }
}
