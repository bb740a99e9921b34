//! Objects: put, get, head, delete and list, and the conditions of writes.

use super::super::error::AwsError;
use super::super::fault::Service;
use super::super::policy;
use super::super::reply::Reply;
use super::super::xml::Xml;
use super::S3Job;
use super::chunked::body;
use super::store::{Object, Store, etag};

/// Checks `If-None-Match: *` and `If-Match` of a write.
pub(super) fn check_conditions(job: &S3Job, store: &Store) -> Result<(), AwsError> {
    let there = store.get(&job.bucket, &job.key);
    let failed =
        || AwsError::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    match job.header("if-none-match") {
        None => {}
        Some("*") if there.is_none() => {}
        Some("*") => return Err(failed()),
        Some(_) => return Err(AwsError::new(501, "NotImplemented", "If-None-Match takes * alone")),
    }
    match (job.header("if-match"), there) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(no_such_key()),
        (Some(wanted), Some(object)) if wanted == "*" || wanted.trim_matches('"') == object.etag.trim_matches('"') => {
            Ok(())
        }
        _ => Err(failed()),
    }
}

/// Returns the headers that are stored with an object.
pub(super) fn stored_headers(job: &S3Job) -> Vec<(String, String)> {
    let kept = |name: &str| {
        matches!(name, "content-type" | "content-encoding")
            || name.starts_with("x-amz-meta-")
            || name.starts_with("x-amz-server-side-encryption")
    };
    let own = |(name, value): &(String, String)| {
        let value = match name.as_str() {
            "content-encoding" => value.trim_start_matches("aws-chunked").trim_start_matches([',', ' ']).to_owned(),
            _ => value.clone(),
        };
        (!value.is_empty()).then(|| (name.clone(), value))
    };
    job.job.call.request.headers.iter().filter(|(name, _)| kept(name)).filter_map(own).collect()
}

pub(super) fn put(job: &S3Job, store: &mut Store) -> Result<Reply, AwsError> {
    if job.key.len() > 1024 {
        return Err(AwsError::new(400, "KeyTooLongError", "Your key is too long"));
    }
    let body = body(&job.job.call.request)?;
    check_conditions(job, store)?;
    let mut headers = stored_headers(job);
    headers.extend(body.checksum.clone().map(|sum| ("x-amz-checksum-crc32".to_owned(), sum)));
    let tag = etag(&body.bytes);
    let reply = echo(Reply::empty(200).header("etag", tag.clone()), &headers);
    store.put(&job.bucket, &job.key, Object { body: body.bytes, etag: tag, headers, multipart: false });
    Ok(reply)
}

/// Adds the object's headers that a response repeats.
pub(super) fn echo(mut reply: Reply, headers: &[(String, String)]) -> Reply {
    const ECHOED: [&str; 4] = [
        "x-amz-checksum-crc32",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
    ];
    for name in ECHOED {
        if let Some((_, value)) = headers.iter().find(|(n, _)| n == name) {
            reply = reply.header(name, value.clone());
        }
    }
    reply
}

pub(super) fn get(job: &S3Job, store: &Store) -> Result<Reply, AwsError> {
    let Some(object) = store.get(&job.bucket, &job.key) else {
        return Err(if may_list(job) { no_such_key() } else { AwsError::new(403, "AccessDenied", "Access Denied") });
    };
    let own_type = object.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let own_type = own_type.unwrap_or("binary/octet-stream");
    let whole = object.body.len();
    let reply = match job.header("range") {
        None => Reply::new(200, own_type, object.body.clone()),
        Some(range) => {
            let (start, end) = range_of(range, whole)?;
            let reply = Reply::new(206, own_type, object.body.slice(start..end));
            reply.header("content-range", format!("bytes {start}-{}/{whole}", end - 1))
        }
    };
    let mut reply = reply.header("etag", object.etag.clone()).header("accept-ranges", "bytes".to_owned());
    reply = reply.header("last-modified", "Wed, 04 Mar 2026 05:06:07 GMT".to_owned());
    if let Some((_, encoding)) = object.headers.iter().find(|(name, _)| name == "content-encoding") {
        reply = reply.header("content-encoding", encoding.clone());
    }
    let with_checksum = job.header("x-amz-checksum-mode").is_some();
    let shown = object.headers.iter().filter(|(name, _)| with_checksum || name != "x-amz-checksum-crc32");
    Ok(echo(reply, &shown.cloned().collect::<Vec<_>>()))
}

/// Reads the range of a read, `bytes=<first>-<last>`, within an object of this size.
fn range_of(range: &str, size: usize) -> Result<(usize, usize), AwsError> {
    let bounds = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let bounds = bounds.and_then(|(first, last)| Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?)));
    let (first, last) =
        bounds.ok_or_else(|| AwsError::new(501, "NotImplemented", "this form of a range is not simulated"))?;
    if first >= size || last < first {
        return Err(AwsError::new(416, "InvalidRange", "The requested range is not satisfiable"));
    }
    Ok((first, size.min(last + 1)))
}

/// Returns whether the caller may list the bucket. Without `ListBucket`, a read of a missing object is denied.
fn may_list(job: &S3Job) -> bool {
    let action = "s3:ListBucket";
    let account = job.job.world.accounts.get(&job.job.caller.account);
    let denied = account.is_some_and(|a| a.denied.iter().any(|d| policy::matches(&d.action, action)));
    !denied && job.job.caller.policy.as_ref().is_none_or(|policy| policy.allows(action))
}

pub(super) fn delete(job: &S3Job, store: &mut Store) -> Reply {
    store.remove(&job.bucket, &job.key);
    Reply::empty(204)
}

pub(super) fn list(job: &S3Job, store: &Store) -> Result<Reply, AwsError> {
    if job.query("delimiter").is_some_and(|delimiter| !delimiter.is_empty()) {
        return Err(AwsError::new(501, "NotImplemented", "delimiters are not simulated"));
    }
    let wrong = || AwsError::new(400, "InvalidArgument", "max-keys is not valid");
    let most = job.query("max-keys").map_or(Ok(1000), |most| most.parse::<usize>().map_err(|_| wrong()))?.min(1000);
    let prefix = job.query("prefix").unwrap_or_default();
    let token = job.query("continuation-token").filter(|token| !token.is_empty());
    let after = token.or(job.query("start-after")).unwrap_or_default();
    let mut keys: Vec<_> = store.after(&job.bucket, prefix, after).take(most + 1).collect();
    let truncated = keys.len() > most;
    keys.truncate(most);
    let mut xml = Xml::new("ListBucketResult", Service::S3.namespace());
    xml.text("Name", &job.bucket).text("Prefix", prefix).plain("MaxKeys", most).plain("KeyCount", keys.len());
    let repeats = job.job.repeat_token;
    xml.plain("IsTruncated", truncated || repeats);
    let next = match keys.last() {
        _ if repeats => Some(token.unwrap_or(" ")),
        Some((last, _)) if truncated => Some(last.as_str()),
        _ => None,
    };
    if let Some(next) = next {
        xml.text("NextContinuationToken", next);
    }
    for (key, object) in keys {
        xml.open("Contents").text("Key", key).text("LastModified", "2026-03-04T05:06:07.000Z");
        xml.text("ETag", &object.etag).plain("Size", object.body.len()).text("StorageClass", "STANDARD");
        xml.close("Contents");
    }
    Ok(Reply::xml(xml.finish("ListBucketResult")))
}

pub(super) fn no_such_key() -> AwsError {
    AwsError::new(404, "NoSuchKey", "The specified key does not exist.")
}
