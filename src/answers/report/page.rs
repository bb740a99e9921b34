//! Writes the page: a template, a style, a script, and the blocks of the document.
//!
//! The template has six places that are filled, so that a template engine would be larger than what it does. The script is ours
//! and has no library in it.
//!
//! **Invariant:** the policy of the page allows its own style and script by their hashes, and no request at all.

use std::io::{Result, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::index_page::IndexPage;
use super::page_block::{write_block, write_first_block};
use super::report_document::ReportDocument;
use super::run_stamp::RunStamp;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = concat!(
    include_str!("page/text.js"),
    include_str!("page/data.js"),
    include_str!("page/csv.js"),
    include_str!("page/console.js"),
    include_str!("page/sheet.js"),
    include_str!("page/search.js"),
    include_str!("page/layout.js"),
    include_str!("page/map.js"),
    include_str!("page/plan.js"),
    include_str!("page/dns.js"),
    include_str!("page/overview.js"),
    include_str!("page/main.js"),
);

/// Writes the page of a document.
pub(crate) fn write_page(document: &ReportDocument, out: &mut dyn Write) -> Result<()> {
    write(document.run.as_ref(), |out| write_blocks(document, out), out)
}

/// Writes an index.
pub(crate) fn write_index(index: &IndexPage, out: &mut dyn Write) -> Result<()> {
    write(Some(&index.run), |out| write_first_block("estate", &serde_json::to_vec(&index.head())?, out), out)
}

/// Fills the template.
fn write(run: Option<&RunStamp>, blocks: impl Fn(&mut dyn Write) -> Result<()>, out: &mut dyn Write) -> Result<()> {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (place, after) = after.split_once("}}").unwrap_or((after, ""));
        out.write_all(before.as_bytes())?;
        match place {
            "policy" => out.write_all(policy.as_bytes())?,
            "style" => out.write_all(STYLE.as_bytes())?,
            "script" => out.write_all(SCRIPT.as_bytes())?,
            "run" => out.write_all(run.map(ToString::to_string).unwrap_or_default().as_bytes())?,
            "blocks" => blocks(out)?,
            _ => {}
        }
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// The source of a policy that allows this text alone.
pub(super) fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

fn write_blocks(document: &ReportDocument, out: &mut dyn Write) -> Result<()> {
    write_first_block("estate", &serde_json::to_vec(&document.head)?, out)?;
    write_block("map", &serde_json::to_vec(&document.map)?, out)?;
    write_block("search", &serde_json::to_vec(&document.search)?, out)?;
    for (name, rows) in &document.rows {
        write_block(&format!("sheet-{name}"), rows, out)?;
    }
    Ok(())
}
