//! The report page: an estate in one HTML file.
//!
//! ```text
//! facts -> document (overview, map, sheets, search) -> blocks of JSON -> page (template, style, script)
//! ```
//!
//! The page is one file that makes no request. It has a block `estate`, which is read when the page opens, and blocks that are
//! read when somebody looks: `map`, `search`, and the rows of each sheet. `infra/ANSWERS.md` describes the document.
//!
//! A very large estate has a page for each customer, and an index. A large estate does not fit: sheets, the map and the search have a most of rows each. What was left out is in
//! `folded` of the block `estate`, and the page says it.
//!
//! **Invariant:** concludes nothing that a question, a comparison or the ledger does not say. Numbers are those of `rolecall ask`.

mod report_limits;
mod gaps;
mod report_sheet;
mod report_sections;
mod registered_accounts;
mod overview;
mod subnet_targets;
mod map_model;
mod map_links;
mod map_transit;
mod map_network;
mod tag_keys;
mod zone_sheets;
mod search_index;
mod run_stamp;
mod document_sheets;
mod dns_verdicts;
mod report_inputs;
mod document_parts;
mod customer_page;
mod report_document;
mod index_page;
mod page_source;
mod page_block;
mod page;

pub(crate) use customer_page::CustomerPage;
pub(crate) use index_page::IndexPage;
pub(crate) use map_model::MapLink;
pub(crate) use page::{write_index, write_page};
pub(crate) use page_source::PageSource;
#[cfg(test)]
pub(crate) use registered_accounts::RegisteredAccount;
pub(crate) use registered_accounts::RegisteredAccounts;
pub(crate) use report_document::ReportDocument;
pub(crate) use report_inputs::ReportInputs;
pub(crate) use report_limits::WHOLE_ROWS;
pub(crate) use run_stamp::RunStamp;

#[cfg(test)]
pub(crate) use report_document::{document, reads};

#[cfg(test)]
mod tests;
