//! S3, path-style: objects in memory with conditional writes, multipart uploads and a listing.
//!
//! Deviations from AWS: ETags are not MD5 sums. Of ranges only `bytes=<first>-<last>` is read. Copies, versions and bucket policies are missing. Of the
//! checksums only CRC32 is verified.

mod chunked;
mod multipart;
mod objects;
mod store;

pub(crate) use store::{Object, Store};

use super::call::Call;
use super::dispatch::Job;
use super::error::AwsError;
use super::http::{Request, decode};
use super::reply::Reply;
use super::state::{State, lock};
use super::world::World;

/// Returns the operation of a request.
pub(super) fn operation(request: &Request) -> Option<String> {
    let (_, key) = bucket_and_key(request);
    let has = |name: &str| request.query(name).is_some();
    let operation = match (request.method.as_str(), key.is_empty()) {
        ("GET", true) if has("list-type") => "ListObjectsV2",
        ("HEAD", true) => "HeadBucket",
        ("PUT", false) if has("uploadId") && has("partNumber") => "UploadPart",
        ("PUT", false) if request.header("x-amz-copy-source").is_none() => "PutObject",
        ("GET", false) if !has("uploadId") => "GetObject",
        ("HEAD", false) => "HeadObject",
        ("DELETE", false) if has("uploadId") => "AbortMultipartUpload",
        ("DELETE", false) => "DeleteObject",
        ("POST", false) if has("uploads") => "CreateMultipartUpload",
        ("POST", false) if has("uploadId") => "CompleteMultipartUpload",
        _ => return None,
    };
    Some(operation.to_owned())
}

/// Returns the bucket and the key of a request.
fn bucket_and_key(request: &Request) -> (String, String) {
    let path = request.path.strip_prefix('/').unwrap_or_default();
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (decode(bucket, false), decode(key, false))
}

/// Counts a call whose caller does not own the bucket, authorized or not.
pub(super) fn count_foreign(state: &State, world: &World, call: &Call) {
    let mut store = lock(&state.store);
    let owner = store.owner(&bucket_and_key(&call.request).0).unwrap_or(&world.backend);
    if owner != call.account {
        store.count_foreign();
    }
}

/// A call with its bucket and key. The bucket exists and belongs to the caller.
struct S3Job<'a> {
    job: &'a Job<'a>,
    bucket: String,
    key: String,
}

impl S3Job<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.job.call.request.header(name)
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.job.call.request.query(name)
    }
}

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    let (bucket, key) = bucket_and_key(&job.call.request);
    let job = S3Job { job, bucket, key };
    let mut store = lock(&job.job.state.store);
    let denied = || AwsError::new(403, "AccessDenied", "Access Denied");
    let owner = store
        .owner(&job.bucket)
        .ok_or_else(|| AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist"))?;
    if job.header("x-amz-expected-bucket-owner").is_some_and(|expected| expected != owner) {
        return Err(denied());
    }
    if owner != job.job.caller.account {
        return Err(denied());
    }
    match job.job.call.operation.as_str() {
        "PutObject" => objects::put(&job, &mut store),
        "GetObject" | "HeadObject" => objects::get(&job, &store),
        "DeleteObject" => Ok(objects::delete(&job, &mut store)),
        "ListObjectsV2" => objects::list(&job, &store),
        "CreateMultipartUpload" => Ok(multipart::create(&job, &mut store)),
        "UploadPart" => multipart::upload(&job, &mut store),
        "CompleteMultipartUpload" => multipart::complete(&job, &mut store),
        "AbortMultipartUpload" => multipart::abort(&job, &mut store),
        _ => Ok(Reply::empty(200)),
    }
}
