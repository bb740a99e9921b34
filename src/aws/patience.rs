//! Makes a call again that the SDK has given up, while its failure may pass.
//!
//! The SDK's attempts are few, and calls at the same time share a quota of retries.
//!
//! **Invariant:** knows no service.

use std::time::Duration;

use tokio::time::Instant;

use super::{AwsError, AwsErrorKind};

/// The pause before a call is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes a call, and makes it again for as long as `patience` while it fails with one of `passing`.
pub(crate) async fn repeat<T, E, F>(
    patience: Duration,
    passing: &[AwsErrorKind],
    call: impl Fn() -> F,
) -> Result<T, AwsError>
where
    F: Future<Output = Result<T, E>>,
    E: Into<AwsError>,
{
    let until = Instant::now() + patience;
    loop {
        // Boxed: the SDK's futures are kilobytes large, and nested so deeply that the compiler's limit for types is near.
        match Box::pin(call()).await.map_err(Into::into) {
            Err(error) if passing.contains(&error.kind) && Instant::now() < until => {
                tracing::info!(%error, "the call is made again");
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}
