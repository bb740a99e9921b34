//! What the index of all customers says of a customer's page.
//!
//! **Invariant:** is kept in the output, so that an index can be made without the pages.

use serde::{Deserialize, Serialize};

use super::overview::AccountOverview;
use crate::answers::facts::AsOf;

/// What the index says of a customer's page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CustomerPage {
    /// The name of the customer. `None` for the accounts that have no customer.
    pub customer: Option<String>,
    pub(super) accounts: Vec<AccountOverview>,
    pub(super) resources: usize,
    pub(super) cells: u64,
    pub(super) unknown: usize,
    /// Instances that the internet reaches, or may reach.
    pub(super) exposed: usize,
    /// The changes since the run before. `None` if nothing could be compared.
    pub(super) changes: Option<usize>,
    pub(super) as_of: AsOf,
}
