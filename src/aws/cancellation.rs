//! When and why the calls to one account end early.

use tokio_util::sync::CancellationToken;

use super::error::{AwsError, AwsErrorKind};

/// Ends the calls to one account, with a reason.
#[derive(Clone, Debug)]
pub struct Cancellation {
    /// Cancelled when the run ends.
    pub run: CancellationToken,
    /// A child of the run's token. Also cancelled when the account's time budget is spent.
    pub account: CancellationToken,
}

impl Cancellation {
    /// Returns the reason, once the calls have to end.
    pub async fn cancelled(&self) -> AwsError {
        self.account.cancelled().await;
        if self.run.is_cancelled() {
            AwsError::new(AwsErrorKind::RunEnded, "the run's time ended before AWS answered")
        } else {
            AwsError::new(AwsErrorKind::OutOfTime, "the account's time budget was spent before AWS answered")
        }
    }
}
