//! The S3 client of one bucket, which follows the bucket to its region.
//!
//! A bucket is often in another region than the function. S3 names that region in its refusal.
//!
//! **Invariant:** follows only within the partition, since no other one may see what is signed with these credentials.

use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Config, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::aws::{AwsError, bucket_region};
use crate::domain::{lock, partition_of_region};

/// The client of a bucket. All clones follow together.
#[derive(Clone, Debug)]
pub(super) struct BucketClient(Arc<Mutex<Client>>);

impl BucketClient {
    pub(super) fn new(config: Config) -> Self {
        Self(Arc::new(Mutex::new(Client::from_conf(config))))
    }

    /// Makes a call, and makes it again in the region that S3 names.
    pub(super) async fn call<T, E, F>(&self, send: impl Fn(Client) -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let client = lock(&self.0).clone();
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
        *lock(&self.0) = there.clone();
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
