//! `rolecall export`: files for other tools.
//!
//! ```text
//! facts -> one format -> files (path and bytes), and a summary of what they have and do not have
//! ```
//!
//! Route 53 has what no zone file has: aliases, routed record sets, zones that only some networks see. What a format cannot take
//! is in the export in another form, or in its summary.
//!
//! **Invariant:** writes no file. Every path stays in the folder of the export.

mod master_text;
mod naptr_regexp;
mod svc_params;
mod bind_rdata;
mod record_sets;
mod exported_zones;
mod file_names;
mod export_summary;
mod bind_zone;
mod bind_config;
mod bind;
mod yaml_text;
mod octodns_values;
mod octodns_zone;
mod octodns;
mod host_names;
mod hosts;
pub(crate) mod netbox;

use serde_json::Value;

use crate::error::Error;

pub(crate) use bind::export_bind;
pub(crate) use export_summary::ExportSummary;
pub(crate) use exported_zones::exported_zone_reads;
pub(crate) use file_names::is_inside;
pub(crate) use hosts::{HOST_READS, export_hosts};
pub(crate) use octodns::export_octodns;

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExportFile {
    /// The path in the folder, with slashes.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// Takes the files of an export, one by one.
pub(crate) type Accept<'a> = &'a mut dyn FnMut(ExportFile) -> Result<(), Error>;

impl ExportFile {
    /// A file with a JSON document.
    pub(crate) fn json(path: &str, document: &Value) -> Self {
        Self { path: path.to_owned(), bytes: format!("{document:#}\n").into_bytes() }
    }
}

#[cfg(test)]
mod tests;
