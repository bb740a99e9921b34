//! The records of a committed run in its response.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::RunStore;
use crate::catalogue::{Catalogue, Table};
use crate::engine::report::{Manifest, Response};
use crate::error::Error;
use crate::inventory::LEDGER;

/// Most bytes of records in a response. Lambda carries 6 MB, with the rest of the response.
const INLINE_BYTES: u64 = 5 << 20;

impl RunStore {
    /// Returns the response of a committed run with its records, or with `inline_omitted` if they do not fit.
    pub(in crate::engine::run) async fn response_with_records(
        &self,
        manifest: Manifest,
        catalogue: &Catalogue,
    ) -> Result<Response, Error> {
        let mut response = manifest.response.bounded();
        let files = || manifest.files.iter().filter(|file| file.table != LEDGER && file.rows > 0);
        // Files that surely do not fit are not read: as JSON, the content is never below half of what the columns count.
        response.inline_omitted = files().map(|file| file.uncompressed_bytes).sum::<u64>() > 2 * INLINE_BYTES;
        if response.inline_omitted {
            return Ok(response);
        }
        let mut bytes = 0;
        let mut tables: BTreeMap<String, Vec<Box<RawValue>>> = BTreeMap::new();
        for file in files() {
            let rows = tables.entry(file.table.clone()).or_default();
            let columns = catalogue.find(&file.table).map(Table::all_columns).unwrap_or_default();
            let text = self.rows(file, &columns).await?;
            bytes += text.len() as u64;
            response.inline_omitted = bytes > INLINE_BYTES;
            if response.inline_omitted {
                return Ok(response);
            }
            for line in text.lines() {
                let row = RawValue::from_string(line.to_owned());
                rows.push(row.map_err(|error| self.unreadable(&file.key, &error.to_string()))?);
            }
        }
        response.inline = Some(tables);
        Ok(response)
    }
}
