//! The arguments of `rolecall dns`.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::answers::{ShapeArgs, workbook};
use super::estate::EstateArgs;
use crate::answers::dns::{AskedRecords, PublishedRanges};
use crate::cli::answers::AnswerFormat;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// The form in which verdicts are printed: those of every answer, and SARIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DnsFormat {
    Answer(AnswerFormat),
    Sarif,
}

impl Default for DnsFormat {
    fn default() -> Self {
        Self::Answer(AnswerFormat::default())
    }
}

impl ValueEnum for DnsFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: LazyLock<Vec<DnsFormat>> = LazyLock::new(|| {
            let answers = AnswerFormat::value_variants().iter().copied().map(DnsFormat::Answer);
            answers.chain([DnsFormat::Sarif]).collect()
        });
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Answer(format) => format.to_possible_value(),
            Self::Sarif => {
                let help = "The findings in SARIF 2.1.0, for code scanning and other tools";
                Some(PossibleValue::new("sarif").help(help))
            }
        }
    }
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
            DnsFormat::Answer(format) => format,
            DnsFormat::Sarif => return None,
        };
        Some(ShapeArgs { format, to: self.to.clone(), coverage: self.coverage, check: self.check })
    }
}
