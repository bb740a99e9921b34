//! A bucket of S3 as an object store.
//!
//! Conditional writes are repeated on 409, and read back if a response was lost. The `object_store` crate does neither for
//! new objects, and its multipart uploads always overwrite.

mod bucket_client;
mod upload;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::ResponseChecksumValidation;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStreamError;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::service_config::ServiceConfigKey;
use bytes::Bytes;
use tokio::time::Instant;

use bucket_client::BucketClient;

use super::{Listed, Object, ObjectRange, PutOutcome, StoreError};
use crate::aws::{AwsError, AwsErrorKind};

pub(crate) use upload::S3Upload;

/// Retries of a write that S3 refuses with a conflict (409).
const CONFLICTS: u32 = 8;
/// Repetitions of a request whose answer breaks off.
const BREAKS: u32 = 2;
/// The most objects in one answer of a listing.
const MOST_LISTED: usize = 1000;

/// A bucket, with an optional prefix.
#[derive(Clone, Debug)]
pub struct S3Store {
    client: BucketClient,
    bucket: String,
    prefix: String,
    kms_key: Option<String>,
}

/// The type of an object that people open, by its key. The type of others matters to nobody.
fn content_type(key: &str) -> Option<String> {
    key.ends_with(".html").then(|| "text/html; charset=utf-8".to_owned())
}

impl S3Store {
    pub(super) fn new(
        config: &SdkConfig,
        timeout: Duration,
        (bucket, prefix): (&str, &str),
        kms_key: Option<&str>,
    ) -> Self {
        // With a configured endpoint, buckets are addressed by path: emulators resolve no bucket hosts.
        let by_path = has_endpoint(config);
        // The connect timeout of the shared configuration is kept.
        let timeouts = config.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let timeouts = timeouts.operation_attempt_timeout(timeout);
        let config =
            aws_sdk_s3::config::Builder::from(config).force_path_style(by_path).timeout_config(timeouts.build());
        let config = config.build();
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { client: BucketClient::new(config), bucket: bucket.into(), prefix, kms_key: kms_key.map(Into::into) }
    }

    pub(super) fn with_patience(self, patience: Duration, end: Option<Instant>) -> Self {
        Self { client: self.client.with_patience(patience, end), ..self }
    }

    pub(super) fn address(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.prefix)
    }

    pub(super) fn location(&self, key: &str) -> (String, String) {
        (self.bucket.clone(), self.key(key))
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The encryption of new objects and its key: the configured KMS key, or the default of the bucket.
    fn encryption(&self) -> (Option<ServerSideEncryption>, Option<String>) {
        (self.kms_key.is_some().then_some(ServerSideEncryption::AwsKms), self.kms_key.clone())
    }

    fn error_at(&self, operation: &'static str, key: &str, cause: AwsError) -> StoreError {
        StoreError::S3 { operation, key: self.address(key), cause }
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let get = |client: Client| client.get_object().bucket(&self.bucket).key(self.key(key)).send();
        let read = self.download(key, get).await?;
        Ok(read.map(|(response, bytes)| Object { bytes, etag: response.e_tag.unwrap_or_default() }))
    }

    pub(super) async fn holds_any(&self, folder: &str) -> Result<bool, StoreError> {
        let prefix = self.key(&format!("{folder}/"));
        let list = |client: Client| client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).max_keys(1).send();
        let response = self.client.call(list).await;
        let response = response.map_err(|cause| self.error_at("s3:ListObjectsV2", folder, cause))?;
        Ok(!response.contents.unwrap_or_default().is_empty())
    }

    pub(super) async fn list(&self, folder: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        let prefix = self.key(&format!("{folder}/"));
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        let list = |client: Client| client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).max_keys(most).send();
        let response = self.client.call(list).await;
        let response = response.map_err(|cause| self.error_at("s3:ListObjectsV2", folder, cause))?;
        let listed = response.contents.unwrap_or_default().into_iter().filter_map(|object| {
            let name = object.key.as_deref()?.strip_prefix(&prefix)?.to_owned();
            let bytes = u64::try_from(object.size?).ok()?;
            (!name.is_empty() && !name.contains('/')).then_some(Listed { name, bytes })
        });
        Ok(listed.collect())
    }

    pub(super) async fn list_below(&self, folder: &str, after: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        let prefix = self.key(&format!("{folder}/"));
        let mut listed: Vec<Listed> = Vec::new();
        let mut after = format!("{prefix}{after}");
        while listed.len() < most {
            let wanted = i32::try_from((most - listed.len()).min(MOST_LISTED)).unwrap_or(i32::MAX);
            let list = |client: Client| {
                let request = client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).max_keys(wanted);
                request.start_after(&after).send()
            };
            let response = self.client.call(list).await;
            let response = response.map_err(|cause| self.error_at("s3:ListObjectsV2", folder, cause))?;
            let more = response.is_truncated() == Some(true);
            let Some(last) = response.contents().last().and_then(|object| object.key()).map(str::to_owned) else {
                break;
            };
            listed.extend(response.contents.unwrap_or_default().into_iter().filter_map(|object| {
                let name = object.key.as_deref()?.strip_prefix(&prefix)?.to_owned();
                (!name.is_empty()).then_some(Listed { name, bytes: u64::try_from(object.size?).ok()? })
            }));
            if !more {
                break;
            }
            after = last;
        }
        Ok(listed)
    }

    pub(super) async fn read_range(
        &self,
        key: &str,
        start: u64,
        length: u64,
    ) -> Result<Option<ObjectRange>, StoreError> {
        let range = format!("bytes={start}-{}", start.saturating_add(length.saturating_sub(1)));
        // The checksum is that of the whole object: some stores send it with a part, which would then look broken.
        let unchecked = || {
            aws_sdk_s3::config::Config::builder().response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        };
        let get = |client: Client| {
            let request = client.get_object().bucket(&self.bucket).key(self.key(key)).range(&range);
            request.customize().config_override(unchecked()).send()
        };
        let Some((response, bytes)) = self.download(key, get).await? else { return Ok(None) };
        // "bytes 0-9/100". A store that ignores the range answers without it, and with the whole object.
        let size = response.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        Ok(Some(ObjectRange { size: size.unwrap_or(bytes.len() as u64), bytes }))
    }

    /// Gets an object, or none if there is none. The SDK repeats no request whose answer breaks off in its body.
    async fn download<F>(
        &self,
        key: &str,
        get: impl Fn(Client) -> F,
    ) -> Result<Option<(GetObjectOutput, Bytes)>, StoreError>
    where
        F: Future<Output = Result<GetObjectOutput, SdkError<GetObjectError, HttpResponse>>>,
    {
        let mut breaks = 0;
        loop {
            let mut response = match self.client.call(&get).await {
                Ok(response) => response,
                Err(cause) if cause.kind == AwsErrorKind::NotFound => return Ok(None),
                Err(cause) => return Err(self.error_at("s3:GetObject", key, cause)),
            };
            let body = std::mem::take(&mut response.body).collect();
            let body = self.client.until_end(async { body.await.map_err(|error| ended_early(&error)) }).await;
            match body {
                Ok(body) => return Ok(Some((response, body.into_bytes()))),
                Err(cause) if cause.kind == AwsErrorKind::Unreachable && breaks < BREAKS => {
                    breaks = pause(breaks).await
                }
                Err(cause) => return Err(self.error_at("s3:GetObject", key, cause)),
            }
        }
    }

    pub(super) async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        if self.put(key, bytes.clone(), WriteCondition::Absent).await? {
            return Ok(PutOutcome::Created);
        }
        // The response of a successful write may have been lost. Then the object has our content.
        let is_ours = self.read(key).await?.is_some_and(|object| object.bytes == bytes);
        Ok(if is_ours { PutOutcome::Created } else { PutOutcome::AlreadyExists })
    }

    pub(super) async fn put_if_match(&self, key: &str, bytes: Bytes, etag: Option<&str>) -> Result<bool, StoreError> {
        // Without a tag the write would never fit, and the caller would try again and again.
        if etag.is_some_and(str::is_empty) {
            let cause = AwsError::new(AwsErrorKind::Unreadable, "the store gave the object no entity tag");
            return Err(self.error_at("s3:PutObject", key, cause));
        }
        let condition = etag.map_or(WriteCondition::Absent, WriteCondition::Match);
        self.put(key, bytes, condition).await
    }

    /// Writes an object. Returns false if the condition does not hold.
    async fn put(&self, key: &str, bytes: Bytes, condition: WriteCondition<'_>) -> Result<bool, StoreError> {
        let mut conflicts = 0;
        loop {
            let put = |client: Client| {
                let request = client.put_object().bucket(&self.bucket).key(self.key(key)).body(bytes.clone().into());
                let request = request.set_content_type(content_type(key));
                let request = match condition {
                    WriteCondition::Absent => request.if_none_match("*"),
                    WriteCondition::Match(etag) => request.if_match(etag),
                };
                let (encryption, key) = self.encryption();
                request.set_server_side_encryption(encryption).set_ssekms_key_id(key).send()
            };
            let Err(cause) = self.client.call(put).await else { return Ok(true) };
            match cause.kind {
                AwsErrorKind::Precondition => return Ok(false),
                // If-Match on an object that was removed meanwhile.
                AwsErrorKind::NotFound if matches!(condition, WriteCondition::Match(_)) => return Ok(false),
                AwsErrorKind::Conflict if conflicts < CONFLICTS => conflicts = pause(conflicts).await,
                _ => return Err(self.error_at("s3:PutObject", key, cause)),
            }
        }
    }

    pub(super) fn upload(&self, key: &str) -> S3Upload {
        S3Upload::new(self.clone(), key)
    }
}

/// Whether an endpoint is configured, for all services or for S3 alone.
fn has_endpoint(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_s3 = config.service_config().zip(key.ok()).and_then(|(service, key)| service.load_config(key));
    config.endpoint_url().is_some() || of_s3.is_some()
}

fn ended_early(error: &ByteStreamError) -> AwsError {
    AwsError::new(AwsErrorKind::Unreachable, format!("the answer ended early: {error}"))
}

/// Waits before a retry, longer each time.
async fn pause(retries: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(50 << retries.min(5))).await;
    retries + 1
}

#[derive(Clone, Copy)]
enum WriteCondition<'a> {
    Absent,
    Match(&'a str),
}
