//! The S3 client of one bucket, which follows the bucket to its region and outlasts a silence of S3.
//!
//! A bucket is often in another region than the function. S3 names that region in its refusal.
//!
//! **Invariant:** follows only within the partition, since no other one may see what is signed with these credentials.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Config, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::Instant;

use crate::aws::{AwsError, AwsErrorKind, bucket_region, repeat};
use crate::domain::{lock, partition_of_region};

/// The client of a bucket. All clones follow together.
#[derive(Clone, Debug)]
pub(super) struct BucketClient {
    client: Arc<Mutex<Client>>,
    patience: Duration,
    /// The time at which every call fails.
    end: Option<Instant>,
}

impl BucketClient {
    pub(super) fn new(config: Config) -> Self {
        Self { client: Arc::new(Mutex::new(Client::from_conf(config))), patience: Duration::ZERO, end: None }
    }

    /// Makes calls again for this long that get no answer, or are refused for rate.
    pub(super) fn with_patience(self, patience: Duration, end: Option<Instant>) -> Self {
        Self { patience, end, ..self }
    }

    /// Makes a call until it is answered, the patience is at its end, or the end has come.
    pub(super) async fn call<T, E, F>(&self, send: impl Fn(Client) -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let passing = [AwsErrorKind::OutOfTime, AwsErrorKind::Throttled];
        self.until_end(repeat(self.patience, &passing, || self.call_where_it_is(&send))).await
    }

    /// Waits for a result, unless the end comes first.
    pub(super) async fn until_end<T>(&self, call: impl Future<Output = Result<T, AwsError>>) -> Result<T, AwsError> {
        let Some(end) = self.end else { return call.await };
        tokio::time::timeout_at(end, call).await.unwrap_or_else(|_| {
            Err(AwsError::new(AwsErrorKind::OutOfTime, "no answer before the time of the invocation ended"))
        })
    }

    /// Makes a call, and makes it again in the region that S3 names.
    async fn call_where_it_is<T, E, F>(&self, send: &impl Fn(Client) -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let client = lock(&self.client).clone();
        let error = match send(client.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let own = client.config().region().map_or_else(String::new, ToString::to_string);
        let Some(region) = error.raw_response().and_then(bucket_region).filter(|region| *region != own) else {
            return Err(AwsError::of(error));
        };
        if !partition_of_region(&own).is_some_and(|partition| partition.has_regions_like(&region)) {
            return Err(elsewhere(AwsError::of(error), &region, &own));
        }
        tracing::info!(own, region, "the bucket is in another region: its requests go there");
        let there = Client::from_conf(client.config().to_builder().region(Region::new(region.clone())).build());
        *lock(&self.client) = there.clone();
        send(there).await.map_err(|error| match error.raw_response().and_then(bucket_region) {
            Some(named) if named != region => elsewhere(AwsError::of(error), &named, &region),
            _ => AwsError::of(error),
        })
    }
}

/// The error for a bucket that cannot be followed.
fn elsewhere(error: AwsError, region: &str, own: &str) -> AwsError {
    let what = format!("the bucket is in the region {region}, and the request went to {own}: {}", error.message);
    AwsError { message: what, ..error }
}
