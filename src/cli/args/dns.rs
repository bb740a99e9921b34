//! The arguments of `rolecall dns`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::answers::{EstateArgs, ShapeArgs, workbook};
use crate::answers::dns::{AskedRecords, PublishedRanges};
use crate::cli::answers::AnswerFormat;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// The form in which verdicts are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DnsFormat {
    /// A table that fits the terminal
    #[default]
    Table,
    /// One JSON object with `rows` and `coverage`
    Json,
    /// One JSON object a line, the last with `coverage`
    Ndjson,
    /// Comma-separated values (RFC 4180); the coverage goes to standard error
    Csv,
    /// A table for GitHub and other places that show Markdown
    Md,
    /// The findings in SARIF 2.1.0, for code scanning and other tools
    Sarif,
}

#[derive(Args, Debug)]
pub(crate) struct DnsArgs {
    /// Only the records that answer for this name: those of the name, or the wildcard above it
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Read AWS's address ranges from this file, a newer ip-ranges.json as AWS publishes it
    #[arg(long, value_name = "FILE")]
    ip_ranges: Option<PathBuf>,
    /// Add a column with the system resolver's answer for the target. It changes no verdict
    #[arg(long)]
    pub resolve: bool,
    #[command(flatten)]
    pub estate: EstateArgs,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: DnsFormat,
    /// Write the answer to this workbook instead (.xlsx). An older file is replaced
    #[arg(long, value_name = "FILE.xlsx", value_parser = workbook, conflicts_with = "format")]
    to: Option<PathBuf>,
    /// List every cell that the answer needs and that is not known
    #[arg(long)]
    coverage: bool,
    /// Exit with code 1 if a verdict is neither `held` nor `foreign`, or a cell is unknown
    #[arg(long)]
    pub check: bool,
}

impl DnsArgs {
    /// The records that are asked for.
    pub(crate) fn asked(&self) -> Result<AskedRecords, Error> {
        let Some(name) = &self.name else { return Ok(AskedRecords::default()) };
        AskedRecords::named(name)
            .map_err(|what| Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one(format!("`{name}`"), what)))
    }

    /// The ranges of `--ip-ranges`, if it is given.
    pub(crate) fn ranges(&self) -> Result<Option<PublishedRanges>, Error> {
        let Some(path) = &self.ip_ranges else { return Ok(None) };
        let invalid = |errors: &ValidationErrors| Error::of(ErrorKind::InvalidRequest, errors);
        let bytes = std::fs::read(path).map_err(|error| {
            let what = format!("{} cannot be read: {error}", path.display());
            invalid(&ValidationErrors::one("--ip-ranges", what))
        })?;
        PublishedRanges::parse(&bytes).map(Some).map_err(|errors| invalid(&errors))
    }

    /// How the answer is printed. `None` for SARIF, which has no rows.
    pub(crate) fn shape(&self) -> Option<ShapeArgs> {
        let format = match self.format {
            DnsFormat::Table => AnswerFormat::Table,
            DnsFormat::Json => AnswerFormat::Json,
            DnsFormat::Ndjson => AnswerFormat::Ndjson,
            DnsFormat::Csv => AnswerFormat::Csv,
            DnsFormat::Md => AnswerFormat::Md,
            DnsFormat::Sarif => return None,
        };
        Some(ShapeArgs { format, to: self.to.clone(), coverage: self.coverage, check: self.check })
    }
}
