//! Multipart uploads: create, upload part, complete, abort.

use super::super::error::AwsError;
use super::super::fault::Service;
use super::super::reply::Reply;
use super::super::xml::{Xml, texts};
use super::S3Job;
use super::chunked::body;
use super::objects::{check_conditions, echo, stored_headers};
use super::store::{Object, Store, Upload, etag};

/// The minimum size in bytes of every part but the last.
const MIN_PART: usize = 5 << 20;

fn no_such_upload() -> AwsError {
    AwsError::new(404, "NoSuchUpload", "The specified multipart upload does not exist.")
}

pub(super) fn create(job: &S3Job, store: &mut Store) -> Reply {
    let headers = stored_headers(job);
    let upload =
        Upload { bucket: job.bucket.clone(), key: job.key.clone(), headers: headers.clone(), ..Upload::default() };
    let id = store.begin(upload);
    let mut xml = Xml::new("InitiateMultipartUploadResult", Service::S3.namespace());
    xml.text("Bucket", &job.bucket).text("Key", &job.key).text("UploadId", &id);
    let reply = Reply::xml(xml.finish("InitiateMultipartUploadResult"));
    match job.header("x-amz-checksum-algorithm") {
        Some(algorithm) => echo(reply, &headers).header("x-amz-checksum-algorithm", algorithm.to_owned()),
        None => echo(reply, &headers),
    }
}

pub(super) fn upload(job: &S3Job, store: &mut Store) -> Result<Reply, AwsError> {
    let wrong = || AwsError::new(400, "InvalidArgument", "Part number must be an integer between 1 and 10000");
    let number = job.query("partNumber").and_then(|number| number.parse::<u32>().ok());
    let number = number.filter(|number| (1..=10_000).contains(number)).ok_or_else(wrong)?;
    let id = job.query("uploadId").unwrap_or_default();
    let upload = store.upload(id, &job.bucket, &job.key).ok_or_else(no_such_upload)?;
    let body = body(&job.job.call.request)?;
    let tag = etag(&body.bytes);
    upload.parts.insert(number, (tag.clone(), body.bytes));
    let reply = Reply::empty(200).header("etag", tag);
    Ok(match body.checksum {
        Some(sum) => reply.header("x-amz-checksum-crc32", sum),
        None => reply,
    })
}

pub(super) fn complete(job: &S3Job, store: &mut Store) -> Result<Reply, AwsError> {
    let id = job.query("uploadId").unwrap_or_default().to_owned();
    let named = named_parts(&String::from_utf8_lossy(&job.job.call.request.body))?;
    let upload = store.upload(&id, &job.bucket, &job.key).ok_or_else(no_such_upload)?;
    if named.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(AwsError::new(400, "InvalidPartOrder", "The list of parts was not in ascending order."));
    }
    let mut whole = Vec::new();
    for (at, (number, tag)) in named.iter().enumerate() {
        let part = upload.parts.get(number).filter(|(own, _)| own.trim_matches('"') == tag.trim_matches('"'));
        let (_, bytes) = part.ok_or_else(|| {
            AwsError::new(400, "InvalidPart", "One or more of the specified parts could not be found.")
        })?;
        if bytes.len() < MIN_PART && at + 1 < named.len() {
            let message = "Your proposed upload is smaller than the minimum allowed object size.";
            return Err(AwsError::new(400, "EntityTooSmall", message));
        }
        whole.extend_from_slice(bytes);
    }
    let headers = upload.headers.clone();
    check_conditions(job, store)?;
    store.end(&id);
    let tag = format!("{}-{}\"", etag(&whole).trim_end_matches('"'), named.len());
    let mut xml = Xml::new("CompleteMultipartUploadResult", Service::S3.namespace());
    xml.text("Location", &format!("http://sim/{}/{}", job.bucket, job.key)).text("Bucket", &job.bucket);
    xml.text("Key", &job.key).text("ETag", &tag);
    let reply = echo(Reply::xml(xml.finish("CompleteMultipartUploadResult")), &headers);
    store.put(&job.bucket, &job.key, Object { body: whole.into(), etag: tag, headers, multipart: true });
    Ok(reply)
}

/// Parses the number and ETag of each named part.
fn named_parts(document: &str) -> Result<Vec<(u32, String)>, AwsError> {
    let malformed = || AwsError::new(400, "MalformedXML", "The XML you provided was not well-formed");
    let numbers = texts(document, "PartNumber");
    let tags = texts(document, "ETag");
    if numbers.is_empty() || numbers.len() != tags.len() {
        return Err(malformed());
    }
    let pair = |(number, tag): (String, String)| Ok((number.parse().map_err(|_| malformed())?, tag));
    numbers.into_iter().zip(tags).map(pair).collect()
}

pub(super) fn abort(job: &S3Job, store: &mut Store) -> Result<Reply, AwsError> {
    let id = job.query("uploadId").unwrap_or_default();
    store.upload(id, &job.bucket, &job.key).ok_or_else(no_such_upload)?;
    store.end(id);
    Ok(Reply::empty(204))
}
