//! The index of a fleet that has a page for each customer: its customers and accounts, with links to their pages.
//!
//! **Invariant:** sums up what the pages say, and reads no rows.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::customer_page::CustomerPage;
use super::overview::AccountOverview;
use super::report_document::{MADE_BY, VERSION};
use super::run_stamp::RunStamp;
use crate::answers::facts::AsOf;

/// An index of pages.
#[derive(Debug)]
pub(crate) struct IndexPage {
    /// Each page with its address, relative to the index.
    pub pages: Vec<(String, CustomerPage)>,
    /// The moment from which ages count.
    pub at: Timestamp,
    /// Why there is no page for all, in a sentence.
    pub reason: String,
    pub run: RunStamp,
}

impl IndexPage {
    /// The block `estate` of the index: that of a page with the first section alone.
    pub(super) fn head(&self) -> Value {
        let pages = || self.pages.iter().map(|(_, page)| page);
        let accounts: Vec<&AccountOverview> = pages().flat_map(|page| &page.accounts).collect();
        let (cells, unknown) =
            (pages().map(|page| page.cells).sum::<u64>(), pages().map(|page| page.unknown).sum::<usize>());
        let as_of = AsOf {
            oldest: pages().filter_map(|page| page.as_of.oldest).min(),
            newest: pages().filter_map(|page| page.as_of.newest).max(),
        };
        let resources: usize = accounts.iter().map(|account| account.resources).sum();
        let section =
            json!({ "id": "overview", "title": "Overview", "sheets": [], "needed": cells, "unknown": unknown });
        json!({
            "version": VERSION, "made_by": MADE_BY, "at": self.at, "as_of": as_of, "narrowed": [], "has_registry": true,
            "overview": { "accounts": accounts, "regions": [], "tables": [], "resources": resources },
            "gaps": [], "more_gaps": 0, "needed": cells, "unknown": unknown, "sections": [section], "sheets": [],
            "compared": null, "folded": [], "reason": self.reason, "pages": self.links(),
        })
    }

    fn links(&self) -> Vec<Value> {
        let link = |(address, page): &(String, CustomerPage)| {
            let accounts: Vec<&str> = page.accounts.iter().map(|account| account.account_id.as_str()).collect();
            json!({
                "address": address, "customer": page.customer, "accounts": accounts, "resources": page.resources,
                "cells": page.cells, "unknown": page.unknown, "exposed": page.exposed, "changes": page.changes,
            })
        };
        self.pages.iter().map(link).collect()
    }
}
