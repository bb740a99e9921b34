//! Small estates in every format, and what tries to break out of one.

mod zones;

mod bind;
mod octodns;
mod hosts;
mod random;
mod netbox;

use std::collections::BTreeMap;

use super::{Accept, ExportSummary};
use crate::answers::facts::Facts;
use crate::error::Error;

/// The files of an export by their paths, and its summary.
fn exported(
    facts: &Facts,
    export: impl FnOnce(&Facts, Accept<'_>) -> Result<ExportSummary, Error>,
) -> (BTreeMap<String, String>, ExportSummary) {
    let mut files = BTreeMap::new();
    let summary = export(facts, &mut |file| {
        assert!(super::is_inside(&file.path), "{}", file.path);
        let text = String::from_utf8(file.bytes).unwrap();
        assert!(files.insert(file.path.clone(), text).is_none(), "{} is written twice", file.path);
        Ok(())
    })
    .unwrap();
    (files, summary)
}

/// All files, one after another.
fn shown(files: &BTreeMap<String, String>, summary: &ExportSummary) -> String {
    let files = files.iter().map(|(path, text)| format!("==== {path}\n{text}"));
    let summary = [&summary.written, &summary.left_out, &summary.remarks].map(|lines| lines.join("\n")).join("\n---\n");
    files.chain([format!("==== summary\n{summary}")]).collect()
}

/// Writes an export to the folder of ROLECALL_PAGES, where `tests/exports` reads it with the tools that it is for.
fn keep(name: &str, files: &BTreeMap<String, String>) {
    let Some(folder) = std::env::var_os("ROLECALL_PAGES") else { return };
    let folder = std::path::Path::new(&folder).join(name);
    // What an earlier test has left would be read too.
    let _ = std::fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
