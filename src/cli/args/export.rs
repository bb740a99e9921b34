//! The arguments of `rolecall export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::estate::EstateArgs;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Comma-separated values: one file for each table or question
    Csv,
    /// A workbook with one sheet for each table or question
    Xlsx,
    /// Zone files, named.conf with a view for each set of VPCs, and what zone files cannot have as JSON
    Bind,
    /// YAML zones and configurations of octoDNS
    Octodns,
    /// A hosts file
    Hosts,
    /// Tenants, VRFs, prefixes, machines and addresses for NetBox: CSV files, and the difference to a NetBox
    Netbox,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Format of the files
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Folder to write to. It is created, or must be empty
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
    /// csv, xlsx: only the tables that match (globs), also those without rows
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    pub tables: Vec<String>,
    /// csv, xlsx: the answers to these questions instead of tables, or `all`
    #[arg(long, value_delimiter = ',', value_name = "NAME,…|all", conflicts_with = "tables")]
    pub questions: Vec<String>,
    /// netbox: compare with the NetBox of this URL. The variable NETBOX_TOKEN has the API token
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// netbox: make the NetBox like the estate, after the difference is shown
    #[arg(long, requires = "url")]
    pub apply: bool,
    #[command(flatten)]
    pub estate: EstateArgs,
    /// Exit with code 1 if a cell is unknown
    #[arg(long)]
    pub check: bool,
}

impl ExportArgs {
    /// Refuses options that the format does not have.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let mut errors = ValidationErrors::new();
        if self.format != ExportFormat::Netbox && self.url.is_some() {
            errors.push("--url", "is for the format netbox alone");
        }
        if !matches!(self.format, ExportFormat::Csv | ExportFormat::Xlsx) {
            for (flag, is_given) in [("--tables", !self.tables.is_empty()), ("--questions", !self.questions.is_empty())]
            {
                if is_given {
                    errors.push(flag, "is for the formats csv and xlsx alone");
                }
            }
        }
        errors.into_result(()).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
    }
}
