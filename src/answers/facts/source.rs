//! Where the rows of facts come from, for answers that need few of them.
//!
//! **Invariant:** of a resource all rows are read, or none, so that it has every observer.

use super::FactTable;
use crate::error::Error;
use crate::output::rows::RowTest;

/// Reads rows in steps: what was read says what else is needed.
pub(crate) trait FactSource {
    /// Adds the rows of tables that pass to those that are read. A table that is not to be read has none.
    async fn select(&mut self, tests: Vec<(&'static str, RowTest)>) -> Result<(), Error>;

    /// Reads the tables of which rows were selected since the last call, each with all of its rows that were ever selected and
    /// with every other row of their resources.
    async fn read(&mut self) -> Result<Vec<FactTable>, Error>;
}
