//! The environment that this process runs in: Lambda or a terminal.

/// The environment of this process. Only the command line may use its own credentials in the backend's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The deployed Lambda function.
    Lambda,
    /// A command at a terminal.
    Terminal,
}
