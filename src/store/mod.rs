//! Where the output lies: a local folder, or a bucket of S3. Both keep the same promises, and one suite
//! of tests holds both to them.
//!
//! An object appears whole or not at all; what is created is never written over. Knows no formats and
//! no runs, and works with the backend's own credentials alone.

mod local;
mod s3;

use std::time::Duration;

use aws_config::SdkConfig;
use bytes::Bytes;

use crate::error::{Error, ErrorKind};

pub(crate) use local::{LocalStore, LocalUpload};
pub(crate) use s3::{S3Store, S3Upload};

/// What went wrong at the store.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The address is none.
    #[error("{0}")]
    Address(String),
    /// The file system's answer.
    #[error("{path}: {what}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system says.
        what: String,
    },
    /// What was to be written cannot be put into the file's format.
    #[error("{key} cannot be encoded: {what}")]
    Encode {
        /// Where it was to lie.
        key: String,
        /// What the encoder says.
        what: String,
    },
    /// S3's answer.
    #[error("{operation} {key}: {cause}")]
    S3 {
        /// The operation.
        operation: &'static str,
        /// `s3://bucket/key`.
        key: String,
        /// Why it failed.
        cause: crate::aws::AwsError,
    },
}

impl StoreError {
    /// The run's error when the output at `place` cannot be used.
    pub(crate) fn at(&self, place: &str) -> Error {
        Error::new(ErrorKind::OutputNotWritable, format!("the output {place} cannot be used: {self}"))
    }
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its content.
    pub bytes: Bytes,
    /// Changes whenever the content does.
    pub etag: String,
}

/// What became of a create-only write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is there, and it is what we wrote.
    Created,
    /// Somebody else's was there first, and stays.
    AlreadyExists,
}

/// A place for objects, by keys like `runs/x/plan.json`.
#[derive(Clone, Debug)]
pub enum Store {
    /// A folder.
    Folder(LocalStore),
    /// A bucket, perhaps with a prefix.
    Bucket(Box<S3Store>),
}

/// A place and a name in it: where the registry lies.
pub fn split_object(address: &str) -> Result<(String, String), StoreError> {
    match address.rsplit_once('/') {
        Some((place, name)) if !name.is_empty() && place != "s3:/" => Ok((place.to_owned(), name.to_owned())),
        None if !address.is_empty() => Ok((".".into(), address.to_owned())),
        _ => Err(StoreError::Address(format!("`{address}` names no file: write a path, or s3://bucket/key"))),
    }
}

impl Store {
    /// Opens `s3://bucket/prefix`, or a folder; one attempt at a request may take as long as `patience`. Calls nothing.
    pub fn open(
        address: &str,
        config: &SdkConfig,
        patience: Duration,
        kms_key: Option<&str>,
    ) -> Result<Self, StoreError> {
        let Some(rest) = address.strip_prefix("s3://") else {
            let known = !address.contains("://") && !address.trim().is_empty();
            let wrong = || StoreError::Address(format!("`{address}` is neither a folder nor s3://bucket/prefix"));
            return if known { Ok(Self::Folder(LocalStore::new(address))) } else { Err(wrong()) };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(letters) {
            return Err(StoreError::Address(format!("`{address}` names no bucket: write s3://bucket/prefix")));
        }
        Ok(Self::Bucket(Box::new(S3Store::new(config, patience, bucket, prefix, kms_key))))
    }

    /// Where an object lies, as a person would write it.
    pub fn address(&self, key: &str) -> String {
        match self {
            Self::Folder(folder) => folder.path(key).display().to_string(),
            Self::Bucket(bucket) => bucket.address(key),
        }
    }

    /// Where an object lies, as a bucket and a key; no bucket and a path for a folder.
    pub fn location(&self, key: &str) -> (String, String) {
        match self {
            Self::Folder(folder) => (String::new(), folder.path(key).display().to_string()),
            Self::Bucket(bucket) => bucket.location(key),
        }
    }

    /// Reads an object; `None` where there is none.
    pub async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        match self {
            Self::Folder(folder) => folder.read(key).await,
            Self::Bucket(bucket) => bucket.read(key).await,
        }
    }

    /// Whether any object lies below a folder (`parquet/ec2_vpcs`).
    pub async fn holds_any(&self, folder: &str) -> Result<bool, StoreError> {
        match self {
            Self::Folder(place) => place.holds_any(folder).await,
            Self::Bucket(bucket) => bucket.holds_any(folder).await,
        }
    }

    /// Writes an object that must not be there yet.
    pub async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        match self {
            Self::Folder(folder) => folder.put_if_absent(key, bytes).await,
            Self::Bucket(bucket) => bucket.put_if_absent(key, bytes).await,
        }
    }

    /// Writes over the object that bears this tag, or creates it where `tag` is `None`. Whether it did:
    /// not where somebody else was faster.
    pub async fn put_if_match(&self, key: &str, bytes: Bytes, etag: Option<&str>) -> Result<bool, StoreError> {
        match self {
            Self::Folder(folder) => folder.put_if_match(key, bytes, etag).await,
            Self::Bucket(bucket) => bucket.put_if_match(key, bytes, etag).await,
        }
    }

    /// Begins a large object that must not be there yet.
    pub fn upload(&self, key: &str) -> Upload {
        match self {
            Self::Folder(folder) => Upload::Folder(folder.upload(key)),
            Self::Bucket(bucket) => Upload::Bucket(Box::new(bucket.upload(key))),
        }
    }
}

/// A large object on its way. It is not there before [`Upload::finish`]; whoever does not get there
/// calls [`Upload::abort`].
#[derive(Debug)]
pub enum Upload {
    /// Into a folder.
    Folder(LocalUpload),
    /// Into a bucket.
    Bucket(Box<S3Upload>),
}

impl Upload {
    /// Adds bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        match self {
            Self::Folder(upload) => upload.write(bytes).await,
            Self::Bucket(upload) => upload.write(bytes).await,
        }
    }

    /// How many bytes are held in memory until they are sent.
    pub fn waiting(&self) -> usize {
        match self {
            Self::Folder(_) => 0,
            Self::Bucket(upload) => upload.waiting(),
        }
    }

    /// Makes the object appear, whole.
    pub async fn finish(self) -> Result<PutOutcome, StoreError> {
        match self {
            Self::Folder(upload) => upload.finish().await,
            Self::Bucket(upload) => upload.finish().await,
        }
    }

    /// Leaves nothing behind.
    pub async fn abort(self) {
        match self {
            Self::Folder(upload) => upload.abort().await,
            Self::Bucket(upload) => upload.abort().await,
        }
    }
}
