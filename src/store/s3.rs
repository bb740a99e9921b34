//! A bucket of S3 as an object store.
//!
//! Conditional writes are repeated on 409, and read back if a response was lost. The `object_store` crate does neither for
//! new objects, and its multipart uploads always overwrite.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::ResponseChecksumValidation;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use aws_types::service_config::ServiceConfigKey;
use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::bucket_client::BucketClient;
use super::{Listed, Object, ObjectRange, PutOutcome, StoreError};
use crate::aws::{AwsError, AwsErrorKind};

/// The size of a part in bytes. S3 requires at least 5 MiB and accepts 10,000 parts. It is the least size, since the file
/// of each table may hold one part in memory.
const PART: usize = 5 << 20;
/// Parts of one object that are sent at the same time.
const PARTS_IN_FLIGHT: usize = 2;
/// Retries of a write that S3 refuses with a conflict (409).
const CONFLICTS: u32 = 8;
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

/// Encrypts with the configured KMS key, or by the default of the bucket.
macro_rules! encrypted {
    ($bucket:expr, $request:expr) => {{
        let key = $bucket.kms_key.clone();
        let kind = key.is_some().then_some(ServerSideEncryption::AwsKms);
        $request.set_server_side_encryption(kind).set_ssekms_key_id(key)
    }};
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

    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { client: self.client.with_patience(patience), ..self }
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

    fn error_at(&self, operation: &'static str, key: &str, cause: AwsError) -> StoreError {
        StoreError::S3 { operation, key: self.address(key), cause }
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let get = |client: Client| client.get_object().bucket(&self.bucket).key(self.key(key)).send();
        let response = match self.client.call(get).await {
            Ok(response) => response,
            Err(cause) => {
                return if cause.kind == AwsErrorKind::NotFound {
                    Ok(None)
                } else {
                    Err(self.error_at("s3:GetObject", key, cause))
                };
            }
        };
        let etag = response.e_tag.unwrap_or_default();
        let bytes = response.body.collect().await.map_err(|error| self.cut_off(key, &error))?.into_bytes();
        Ok(Some(Object { bytes, etag }))
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
        let response = match self.client.call(get).await {
            Ok(response) => response,
            Err(cause) if cause.kind == AwsErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.error_at("s3:GetObject", key, cause)),
        };
        // "bytes 0-9/100". A store that ignores the range answers without it, and with the whole object.
        let size = response.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let bytes = response.body.collect().await.map_err(|error| self.cut_off(key, &error))?.into_bytes();
        let size = size.unwrap_or(bytes.len() as u64);
        Ok(Some(ObjectRange { bytes, size }))
    }

    fn cut_off(&self, key: &str, error: &aws_sdk_s3::primitives::ByteStreamError) -> StoreError {
        let cause = AwsError::new(AwsErrorKind::Unreachable, format!("the answer ended early: {error}"));
        self.error_at("s3:GetObject", key, cause)
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
                encrypted!(self, request).send()
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
        S3Upload {
            bucket: self.clone(),
            key: key.into(),
            waiting: BytesMut::new(),
            id: None,
            sending: JoinSet::new(),
            sent: Vec::new(),
            parts: 0,
        }
    }
}

/// Whether an endpoint is configured, for all services or for S3 alone.
fn has_endpoint(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_s3 = config.service_config().zip(key.ok()).and_then(|(service, key)| service.load_config(key));
    config.endpoint_url().is_some() || of_s3.is_some()
}

/// Waits before a retry, longer each time.
async fn pause(conflicts: u32) -> u32 {
    tokio::time::sleep(std::time::Duration::from_millis(50 << conflicts.min(5))).await;
    conflicts + 1
}

#[derive(Clone, Copy)]
enum WriteCondition<'a> {
    Absent,
    Match(&'a str),
}

/// The upload of an object: one request if it is small, a multipart upload if it is large.
#[derive(Debug)]
pub struct S3Upload {
    bucket: S3Store,
    key: String,
    waiting: BytesMut,
    id: Option<String>,
    sending: JoinSet<Result<CompletedPart, StoreError>>,
    sent: Vec<CompletedPart>,
    parts: i32,
}

impl S3Upload {
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + self.sending.len() * PART
    }

    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.waiting.extend_from_slice(&bytes);
        while self.waiting.len() >= PART {
            let part = self.waiting.split_to(PART).freeze();
            self.send(part).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<PutOutcome, StoreError> {
        let result = self.complete().await;
        if result.is_err() || result == Ok(PutOutcome::AlreadyExists) {
            self.abort().await;
        }
        result
    }

    pub(super) async fn abort(mut self) {
        self.sending.shutdown().await;
        if let Some(id) = self.id.take() {
            let (client, key) = (&self.bucket.client, self.bucket.key(&self.key));
            let abort = |client: Client| {
                client.abort_multipart_upload().bucket(&self.bucket.bucket).key(&key).upload_id(&id).send()
            };
            if let Err(cause) = client.call(abort).await {
                tracing::warn!(key = self.key, %cause, "an unfinished upload could not be aborted: the lifecycle rule of the bucket will remove it");
            }
        }
    }

    async fn complete(&mut self) -> Result<PutOutcome, StoreError> {
        let rest = self.waiting.split().freeze();
        if self.id.is_none() {
            return self.bucket.put_if_absent(&self.key, rest).await;
        }
        if !rest.is_empty() {
            self.send(rest).await?;
        }
        while !self.sending.is_empty() {
            self.collect().await?;
        }
        self.sent.sort_by_key(CompletedPart::part_number);
        let mut conflicts = 0;
        loop {
            let complete = |client: Client| {
                let parts = CompletedMultipartUpload::builder().set_parts(Some(self.sent.clone())).build();
                let key = self.bucket.key(&self.key);
                let request = client.complete_multipart_upload().bucket(&self.bucket.bucket).key(key);
                request.set_upload_id(self.id.clone()).multipart_upload(parts).if_none_match("*").send()
            };
            let Err(cause) = self.bucket.client.call(complete).await else {
                self.id = None;
                return Ok(PutOutcome::Created);
            };
            match cause.kind {
                AwsErrorKind::Precondition => return Ok(PutOutcome::AlreadyExists),
                AwsErrorKind::Conflict if conflicts < CONFLICTS => conflicts = pause(conflicts).await,
                // The response of a successful attempt was lost: the upload is complete, and the object exists.
                AwsErrorKind::NotFound if self.exists().await => {
                    self.id = None;
                    return Ok(PutOutcome::Created);
                }
                _ => return Err(self.bucket.error_at("s3:CompleteMultipartUpload", &self.key, cause)),
            }
        }
    }

    async fn exists(&self) -> bool {
        let key = self.bucket.key(&self.key);
        let head = |client: Client| client.head_object().bucket(&self.bucket.bucket).key(&key).send();
        self.bucket.client.call(head).await.is_ok()
    }

    /// Sends a part in the background.
    async fn send(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let id = self.id().await?;
        while self.sending.len() >= PARTS_IN_FLIGHT {
            self.collect().await?;
        }
        self.parts += 1;
        let (bucket, key, number) = (self.bucket.clone(), self.key.clone(), self.parts);
        self.sending.spawn(async move {
            let upload = |client: Client| {
                let request = client.upload_part().bucket(&bucket.bucket).key(bucket.key(&key)).upload_id(&id);
                request.part_number(number).body(ByteStream::from(bytes.clone())).send()
            };
            let response = bucket.client.call(upload).await;
            let response = response.map_err(|cause| bucket.error_at("s3:UploadPart", &key, cause))?;
            Ok(CompletedPart::builder().part_number(number).set_e_tag(response.e_tag).build())
        });
        Ok(())
    }

    async fn collect(&mut self) -> Result<(), StoreError> {
        match self.sending.join_next().await {
            Some(Ok(part)) => self.sent.push(part?),
            Some(Err(error)) => return Err(StoreError::Address(format!("a part was lost: {error}"))),
            None => {}
        }
        Ok(())
    }

    async fn id(&mut self) -> Result<String, StoreError> {
        if let Some(id) = &self.id {
            return Ok(id.clone());
        }
        let create = |client: Client| {
            let key = self.bucket.key(&self.key);
            let request = client.create_multipart_upload().bucket(&self.bucket.bucket).key(key);
            encrypted!(self.bucket, request).send()
        };
        let failed = |cause| self.bucket.error_at("s3:CreateMultipartUpload", &self.key, cause);
        let response = self.bucket.client.call(create).await.map_err(failed)?;
        let unnamed = || AwsError::new(AwsErrorKind::Unreadable, "the answer names no upload");
        let id = response.upload_id.filter(|id| !id.is_empty()).ok_or_else(|| failed(unnamed()))?;
        self.id = Some(id.clone());
        Ok(id)
    }
}
