//! Counts the calls to AWS that a cell has made.

use std::ops::AddAssign;

/// The number of calls of a cell, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Requests that were sent, including retries.
    pub calls: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// Requests that AWS throttled.
    pub throttles: u64,
    /// Response pages that were read.
    pub pages: u64,
}

impl AddAssign for CallCounts {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.retries += more.retries;
        self.throttles += more.throttles;
        self.pages += more.pages;
    }
}
