//! Plans the pages of a run: one of the whole estate, or one for each customer.
//!
//! **Invariant:** the first plan of several pages counts for every attempt, so that no account is on two pages, or on none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answers::estate::Estate;
use crate::answers::report::{RegisteredAccounts, WHOLE_ROWS};
use crate::domain::{RunId, grouped};
use crate::settings::ReportPages;

/// The version of the plan.
const VERSION: u32 = 1;

/// The pages of a run that has several: `runs/<run_id>/report/plan.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PagesPlan {
    pub version: u32,
    pub run_id: RunId,
    pub planned_at: Timestamp,
    /// Why there is no page of the whole estate, in a sentence.
    pub reason: String,
    pub parts: Vec<PlannedPage>,
}

/// A page of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedPage {
    pub name: String,
    /// The customer, as the registry names it. `None` for the accounts that have none.
    pub customer: Option<String>,
    pub accounts: BTreeSet<String>,
}

/// Plans several pages. `None` if one page has everything: the estate is not too large for it, or has one customer.
pub(super) fn plan(
    run_id: &RunId,
    estate: &Estate,
    registered: Option<&RegisteredAccounts>,
    pages: ReportPages,
) -> Option<PagesPlan> {
    let rows = estate.row_count();
    if pages != ReportPages::ByCustomer && rows <= WHOLE_ROWS {
        return None;
    }
    let customers = by_customer(estate.accounts(), registered);
    if customers.len() < 2 {
        return None;
    }
    let reason = match pages {
        ReportPages::ByCustomer => {
            "Each customer has a page of its own, as `ROLECALL_REPORT=customers` says.".to_owned()
        }
        _ => format!(
            "The estate has {} rows, and one page holds {} as a whole: each customer has a page of its own.",
            grouped(rows),
            grouped(WHOLE_ROWS)
        ),
    };
    let part = |(number, (customer, accounts)): (usize, (Option<&str>, BTreeSet<String>))| PlannedPage {
        name: number.to_string(),
        customer: customer.map(str::to_owned),
        accounts,
    };
    let parts = customers.into_iter().enumerate().map(part).collect();
    Some(PagesPlan { version: VERSION, run_id: run_id.clone(), planned_at: Timestamp::now(), reason, parts })
}

/// The accounts of each customer. Those that have none come first.
fn by_customer<'r>(
    accounts: BTreeSet<&str>,
    registered: Option<&'r RegisteredAccounts>,
) -> BTreeMap<Option<&'r str>, BTreeSet<String>> {
    let mut customers: BTreeMap<Option<&str>, BTreeSet<String>> = BTreeMap::new();
    for account in accounts {
        let customer = registered.and_then(|registered| registered.get(account)?.customer.as_deref());
        customers.entry(customer).or_default().insert(account.to_owned());
    }
    customers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::report::RegisteredAccount;

    #[test]
    fn every_account_has_one_customer() {
        let of = |customer: Option<&str>| RegisteredAccount { name: None, customer: customer.map(str::to_owned) };
        let registered = RegisteredAccounts::from_iter([
            ("1".to_owned(), of(Some("acme"))),
            ("2".to_owned(), of(Some("globex"))),
            ("3".to_owned(), of(Some("acme"))),
            ("4".to_owned(), of(None)),
            ("9".to_owned(), of(Some("not in the estate"))),
        ]);
        let accounts = || BTreeSet::from(["1", "2", "3", "4", "5"]);
        let set =
            |accounts: &[&str]| accounts.iter().map(|account| (*account).to_owned()).collect::<BTreeSet<String>>();
        let expected =
            BTreeMap::from([(None, set(&["4", "5"])), (Some("acme"), set(&["1", "3"])), (Some("globex"), set(&["2"]))]);
        assert_eq!(by_customer(accounts(), Some(&registered)), expected);
        assert_eq!(by_customer(accounts(), None).len(), 1);
    }
}
