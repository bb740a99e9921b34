//! Where this process runs.

/// Where this process runs. Only the command line may use its own credentials in the backend's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The deployed function.
    Lambda,
    /// A command at a terminal.
    Terminal,
}
