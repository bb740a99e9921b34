//! Where this process runs.

/// Which face plans: the CLI alone may use its own credentials in the backend's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The deployed function.
    Lambda,
    /// The terminal.
    Terminal,
}
