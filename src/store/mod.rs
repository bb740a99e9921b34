//! An object store: a local folder, or a bucket of S3. One conformance suite tests both.
//!
//! An object appears whole or not at all, and a created object is never overwritten. Uses the credentials of the backend
//! only. **Invariant:** knows no file formats and no runs.

mod local;
mod s3;

use std::time::Duration;

use aws_config::SdkConfig;
use bytes::Bytes;
use tokio::time::Instant;

use crate::domain::Place;
use crate::error::{Error, ErrorKind};
use crate::input::quoted;

pub(crate) use local::{LocalStore, LocalUpload};
pub(crate) use s3::{S3Store, S3Upload};

/// An error of the store.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The address of the store or object is invalid.
    #[error("{0}")]
    Address(String),
    /// The file system returned an error.
    #[error("{path}: {what}")]
    File {
        /// The file or folder.
        path: String,
        /// The message of the system.
        what: String,
    },
    /// An object that this write was to create exists, with other content.
    #[error("{key} exists already, with other content")]
    Taken {
        /// The key of the file.
        key: String,
    },
    /// A record cannot be encoded in the format of the file.
    #[error("{key} cannot be encoded: {what}")]
    Encode {
        /// The key of the file.
        key: String,
        /// The message of the encoder.
        what: String,
    },
    /// A call to S3 failed.
    #[error("{operation} {key}: {cause}")]
    S3 {
        /// The S3 operation, such as `s3:PutObject`.
        operation: &'static str,
        /// The object, as `s3://bucket/key`.
        key: String,
        /// The classified cause of the failure.
        cause: crate::aws::AwsError,
    },
}

impl StoreError {
    /// The error of a run whose output at `place` cannot be used.
    pub(crate) fn at(&self, place: &str) -> Error {
        Error::new(ErrorKind::OutputNotWritable, format!("the output {place} cannot be used: {self}"))
    }

    /// The error of a command that only reads the output at `place`.
    pub(crate) fn unread_at(&self, place: &str) -> Error {
        Error::new(ErrorKind::OutputUnreadable, format!("the output {place} cannot be read: {self}"))
    }
}

/// An object with its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The whole content of the object.
    pub bytes: Bytes,
    /// The entity tag, which changes whenever the content does.
    pub etag: String,
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRange {
    /// The bytes of the range: fewer than were asked for if the object ends before.
    pub bytes: Bytes,
    /// The size of the whole object.
    pub size: u64,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The rest of its key, below the folder that was listed.
    pub name: String,
    /// The size of its content.
    pub bytes: u64,
}

/// The outcome of a conditional put of a new object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object exists with the content of this write.
    Created,
    /// Another writer's object was there first, and stays.
    AlreadyExists,
}

/// A store of objects with keys like `runs/x/plan.json`.
#[derive(Clone, Debug)]
pub enum Store {
    /// A folder of the local file system.
    Folder(LocalStore),
    /// A bucket of S3, with an optional prefix.
    Bucket(Box<S3Store>),
}

/// Splits the address of an object into the store and the key, for the registry.
pub fn split_object(address: &str) -> Result<(String, String), StoreError> {
    let no_file =
        || StoreError::Address(format!("{} names no file: write a path, or s3://bucket/key", quoted(address)));
    let whole = match read(address)? {
        Place::Path(path) => path,
        Place::Bucket { key, .. } if key.is_empty() || address.trim_end().ends_with('/') => return Err(no_file()),
        Place::Bucket { bucket, key } => format!("s3://{bucket}/{key}"),
    };
    match whole.rsplit_once('/').unwrap_or((".", &whole)) {
        (_, "" | "." | "..") => Err(no_file()),
        ("", name) => Ok(("/".to_owned(), name.to_owned())),
        (place, name) => Ok((place.to_owned(), name.to_owned())),
    }
}

fn read(address: &str) -> Result<Place, StoreError> {
    Place::read(address).map_err(|error| StoreError::Address(error.to_string()))
}

impl Store {
    /// Opens `s3://bucket/prefix`, or a folder, without a call. One attempt at a request may take as long as `timeout`.
    pub fn open(
        address: &str,
        config: &SdkConfig,
        timeout: Duration,
        kms_key: Option<&str>,
    ) -> Result<Self, StoreError> {
        Ok(match read(address)? {
            Place::Path(path) => Self::Folder(LocalStore::new(path)),
            Place::Bucket { bucket, key } => {
                Self::Bucket(Box::new(S3Store::new(config, timeout, (&bucket, &key), kms_key)))
            }
        })
    }

    /// Makes calls to a bucket again for this long that get no answer or are refused for rate, after the SDK has given up. All
    /// fail at `end`, so that a process that ends soon after it can still say so.
    pub(crate) fn with_patience(self, patience: Duration, end: Option<Instant>) -> Self {
        match self {
            Self::Bucket(bucket) => Self::Bucket(Box::new(bucket.with_patience(patience, end))),
            folder @ Self::Folder(_) => folder,
        }
    }

    /// Lets only the owner read the files that this store creates in a folder. A bucket has policies of its own.
    pub fn private(self) -> Self {
        match self {
            Self::Folder(folder) => Self::Folder(folder.private()),
            bucket @ Self::Bucket(_) => bucket,
        }
    }

    /// The address of an object: a path, or `s3://bucket/key`.
    pub fn address(&self, key: &str) -> String {
        match self {
            Self::Folder(folder) => folder.path(key).display().to_string(),
            Self::Bucket(bucket) => bucket.address(key),
        }
    }

    /// The bucket and key of an object. For a folder the bucket is empty, and the key is a path.
    pub fn location(&self, key: &str) -> (String, String) {
        match self {
            Self::Folder(folder) => (String::new(), folder.path(key).display().to_string()),
            Self::Bucket(bucket) => bucket.location(key),
        }
    }

    /// Reads an object, or returns `None` if it does not exist.
    pub async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        match self {
            Self::Folder(folder) => folder.read(key).await,
            Self::Bucket(bucket) => bucket.read(key).await,
        }
    }

    /// Reads a part of an object, or returns `None` if the object does not exist.
    pub async fn read_range(&self, key: &str, start: u64, length: u64) -> Result<Option<ObjectRange>, StoreError> {
        match self {
            Self::Folder(folder) => folder.read_range(key, start, length).await,
            Self::Bucket(bucket) => bucket.read_range(key, start, length).await,
        }
    }

    /// Lists the objects below a folder in the order of their keys, those after `after` and at most `most` of them. Their
    /// names are the rest of their keys (`dt=2026-11-21/x.ndjson` below `committed`).
    pub async fn list_below(&self, folder: &str, after: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        match self {
            Self::Folder(place) => place.list_below(folder, after, most).await,
            Self::Bucket(bucket) => bucket.list_below(folder, after, most).await,
        }
    }

    /// Returns true if any object is stored below a folder (`parquet/ec2_vpcs`).
    pub async fn holds_any(&self, folder: &str) -> Result<bool, StoreError> {
        match self {
            Self::Folder(place) => place.holds_any(folder).await,
            Self::Bucket(bucket) => bucket.holds_any(folder).await,
        }
    }

    /// Lists the objects directly in a folder (`trust/20261121T000000Z`), at most `most` of them, up to 1,000.
    pub async fn list(&self, folder: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        match self {
            Self::Folder(place) => place.list(folder, most).await,
            Self::Bucket(bucket) => bucket.list(folder, most).await,
        }
    }

    /// Writes an object unless one of this key exists.
    pub async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        match self {
            Self::Folder(folder) => folder.put_if_absent(key, bytes).await,
            Self::Bucket(bucket) => bucket.put_if_absent(key, bytes).await,
        }
    }

    /// Replaces the object if it still has this entity tag. With `None` the object must not exist. Returns false if
    /// another writer was faster.
    pub async fn put_if_match(&self, key: &str, bytes: Bytes, etag: Option<&str>) -> Result<bool, StoreError> {
        match self {
            Self::Folder(folder) => folder.put_if_match(key, bytes, etag).await,
            Self::Bucket(bucket) => bucket.put_if_match(key, bytes, etag).await,
        }
    }

    /// Begins the upload of a large object. No object of this key may exist when it finishes.
    pub fn upload(&self, key: &str) -> Upload {
        match self {
            Self::Folder(folder) => Upload::Folder(folder.upload(key)),
            Self::Bucket(bucket) => Upload::Bucket(Box::new(bucket.upload(key))),
        }
    }
}

/// The upload of a large object, which appears at [`Upload::finish`]. An upload that does not finish must be ended by
/// [`Upload::abort`].
#[derive(Debug)]
pub enum Upload {
    /// An upload into a folder.
    Folder(LocalUpload),
    /// An upload into a bucket.
    Bucket(Box<S3Upload>),
}

impl Upload {
    /// Appends bytes to the object.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        match self {
            Self::Folder(upload) => upload.write(bytes).await,
            Self::Bucket(upload) => upload.write(bytes).await,
        }
    }

    /// The number of bytes that are held in memory until they are sent.
    pub fn waiting(&self) -> usize {
        match self {
            Self::Folder(_) => 0,
            Self::Bucket(upload) => upload.waiting(),
        }
    }

    /// Makes the whole object appear, unless one of this key exists.
    pub async fn finish(self) -> Result<PutOutcome, StoreError> {
        match self {
            Self::Folder(upload) => upload.finish().await,
            Self::Bucket(upload) => upload.finish().await,
        }
    }

    /// Removes everything that was uploaded.
    pub async fn abort(self) {
        match self {
            Self::Folder(upload) => upload.abort().await,
            Self::Bucket(upload) => upload.abort().await,
        }
    }
}
