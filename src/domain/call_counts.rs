//! How many calls a cell has cost.

use std::ops::AddAssign;

/// What a cell's calls cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Requests sent, retries included.
    pub calls: u64,
    /// Those of them that repeated one.
    pub retries: u64,
    /// Those of them that were refused for rate.
    pub throttles: u64,
    /// Answers read.
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
