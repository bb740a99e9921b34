//! The buckets, objects and uploads of S3.
//!
//! **Invariant:** knows nothing of HTTP.

use super::super::names::mix;
use bytes::Bytes;
use std::collections::BTreeMap;

/// The content and headers of an object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub body: Bytes,
    /// The ETag with its quotes.
    pub etag: String,
    /// Content type, encoding, encryption, checksums and metadata, as they were sent.
    pub headers: Vec<(String, String)>,
    /// True if it was written by a multipart upload.
    pub multipart: bool,
}

/// The ETag and content of parts by their number.
pub(super) type Parts = BTreeMap<u32, (String, Bytes)>;

/// An upload that is neither completed nor aborted.
#[derive(Default)]
pub(crate) struct Upload {
    pub bucket: String,
    pub key: String,
    pub headers: Vec<(String, String)>,
    pub parts: Parts,
}

#[derive(Default)]
struct Bucket {
    owner: String,
    objects: BTreeMap<String, Object>,
}

/// All buckets and uploads.
#[derive(Default)]
pub(crate) struct Store {
    buckets: BTreeMap<String, Bucket>,
    uploads: BTreeMap<String, Upload>,
    next_upload: u64,
    foreign: u64,
}

impl Store {
    pub(crate) fn open_buckets(&mut self, owners: &BTreeMap<String, String>) {
        for (name, owner) in owners {
            self.buckets.entry(name.clone()).or_default().owner.clone_from(owner);
        }
    }

    pub(crate) fn owner(&self, bucket: &str) -> Option<&str> {
        self.buckets.get(bucket).map(|bucket| bucket.owner.as_str())
    }

    pub(crate) fn count_foreign(&mut self) {
        self.foreign += 1;
    }

    pub(crate) fn foreign_calls(&self) -> u64 {
        self.foreign
    }

    pub(crate) fn objects(&self, bucket: &str) -> BTreeMap<String, Object> {
        self.buckets.get(bucket).map(|bucket| bucket.objects.clone()).unwrap_or_default()
    }

    pub(crate) fn open_uploads(&self) -> Vec<(String, String)> {
        self.uploads.values().map(|upload| (upload.bucket.clone(), upload.key.clone())).collect()
    }

    pub(crate) fn put_directly(&mut self, bucket: &str, key: &str, body: Bytes) {
        let object = Object { etag: etag(&body), body, headers: Vec::new(), multipart: false };
        self.put(bucket, key, object);
    }

    pub(crate) fn put(&mut self, bucket: &str, key: &str, object: Object) {
        self.buckets.entry(bucket.to_owned()).or_default().objects.insert(key.to_owned(), object);
    }

    pub(crate) fn get(&self, bucket: &str, key: &str) -> Option<&Object> {
        self.buckets.get(bucket)?.objects.get(key)
    }

    pub(crate) fn remove(&mut self, bucket: &str, key: &str) {
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.objects.remove(key);
        }
    }

    /// Returns the keys and objects of a prefix that follow a key, in order.
    pub(crate) fn after<'a>(
        &'a self,
        bucket: &str,
        prefix: &'a str,
        after: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Object)> {
        let objects = self.buckets.get(bucket).into_iter().flat_map(|bucket| bucket.objects.iter());
        objects.filter(move |(key, _)| key.starts_with(prefix) && key.as_str() > after)
    }

    pub(crate) fn begin(&mut self, upload: Upload) -> String {
        self.next_upload += 1;
        let id = format!("upload-{:016x}", mix(&[&upload.bucket, &upload.key], self.next_upload));
        self.uploads.insert(id.clone(), upload);
        id
    }

    /// Returns the upload of this id if it belongs to this bucket and key.
    pub(crate) fn upload(&mut self, id: &str, bucket: &str, key: &str) -> Option<&mut Upload> {
        self.uploads.get_mut(id).filter(|upload| upload.bucket == bucket && upload.key == key)
    }

    pub(crate) fn end(&mut self, id: &str) {
        self.uploads.remove(id);
    }
}

/// Returns an ETag. It depends only on the content, but is not an MD5 sum.
pub(super) fn etag(body: &[u8]) -> String {
    let crc = u64::from(super::chunked::crc32(body));
    let length = body.len().to_string();
    format!("\"{:016x}{:016x}\"", mix(&["etag", &length], crc), mix(&[&length, "etag"], crc))
}
