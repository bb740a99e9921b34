//! The upload of an object of any size to a bucket.
//!
//! A small object takes one request, a large one a multipart upload, whose parts are sent while the next are written.
//!
//! **Invariant:** an upload that is finished or aborted leaves no parts, if S3 answers.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::{CONFLICTS, S3Store, pause};
use crate::aws::{AwsError, AwsErrorKind};
use crate::store::{PutOutcome, StoreError};

/// The size of a part in bytes. S3 requires at least 5 MiB and accepts 10,000 parts. It is the least size, since the file
/// of each table may hold one part in memory.
const PART: usize = 5 << 20;
/// Parts of one object that are sent at the same time.
const PARTS_IN_FLIGHT: usize = 2;

/// The upload of an object.
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
    pub(super) fn new(bucket: S3Store, key: &str) -> Self {
        Self {
            bucket,
            key: key.into(),
            waiting: BytesMut::new(),
            id: None,
            sending: JoinSet::new(),
            sent: Vec::new(),
            parts: 0,
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() + self.sending.len() * PART
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.waiting.extend_from_slice(&bytes);
        while self.waiting.len() >= PART {
            let part = self.waiting.split_to(PART).freeze();
            self.send(part).await?;
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<PutOutcome, StoreError> {
        let result = self.complete().await;
        if result.is_err() || result == Ok(PutOutcome::AlreadyExists) {
            self.abort().await;
        }
        result
    }

    pub(crate) async fn abort(mut self) {
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
            let (encryption, key) = self.bucket.encryption();
            request.set_server_side_encryption(encryption).set_ssekms_key_id(key).send()
        };
        let failed = |cause| self.bucket.error_at("s3:CreateMultipartUpload", &self.key, cause);
        let response = self.bucket.client.call(create).await.map_err(failed)?;
        let unnamed = || AwsError::new(AwsErrorKind::Unreadable, "the answer names no upload");
        let id = response.upload_id.filter(|id| !id.is_empty()).ok_or_else(|| failed(unnamed()))?;
        self.id = Some(id.clone());
        Ok(id)
    }
}
