//! Whether runs write a report page, and of what.

/// The pages that a committed run writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportPages {
    /// None.
    #[default]
    None,
    /// One of the whole estate. A very large estate has one for each customer, and an index.
    Write,
    /// One for each customer, and an index.
    ByCustomer,
}
