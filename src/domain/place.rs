//! Addresses of outputs and registries: a path of the file system, or `s3://bucket/key`.
//!
//! An address that is meant for another program, or that a shell should have changed, is refused with what to write
//! instead. Otherwise a folder of that name would be created.
//!
//! **Invariant:** makes no call, and does not look at the file system.

use crate::input::{ParseError, quoted};

/// Schemes of other programs. With `:` and no slash they are refused too.
const SCHEMES: [&str; 24] = [
    "s3", "s3a", "s3n", "arn", "http", "https", "file", "gs", "gcs", "az", "azure", "abfs", "abfss", "wasb", "wasbs",
    "r2", "hdfs", "dbfs", "oss", "ftp", "sftp", "smb", "nfs", "ssh",
];
/// What to write for what is no bucket's address.
const ANY_BUCKET: &str = "s3://bucket/prefix";

/// An address that a command or a setting gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path, as it was written.
    Path(String),
    /// A bucket, and a key or prefix without slashes at its ends.
    Bucket {
        /// The name of the bucket.
        bucket: String,
        /// The key, or the prefix of keys; empty for the whole bucket.
        key: String,
    },
}

impl Place {
    /// Reads an address. The error says what to write instead.
    pub(crate) fn read(address: &str) -> Result<Self, ParseError> {
        let text = address.trim();
        if text.is_empty() {
            return Err(ParseError(format!("it is empty: write a path, or {ANY_BUCKET}")));
        }
        if address.trim_matches(' ') != text {
            return Err(ParseError("it begins or ends with a tab or a line end: remove it".to_owned()));
        }
        if let Some(advice) = misplaced(text) {
            return Err(ParseError(advice));
        }
        match text.strip_prefix("s3://") {
            Some(rest) => bucket(text, rest),
            None => Ok(Self::Path(address.to_owned())),
        }
    }
}

fn bucket(address: &str, rest: &str) -> Result<Place, ParseError> {
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(letters) {
        return Err(ParseError(format!("{} names no bucket: write {ANY_BUCKET}", quoted(address))));
    }
    let key = key.trim_end_matches('/');
    let is_odd = |part: &str| matches!(part, "" | "." | "..");
    if !key.is_empty() && key.split('/').any(is_odd) {
        let parts: Vec<&str> = key.split('/').filter(|part| !is_odd(part)).collect();
        let instead = quoted(&format!("s3://{bucket}/{}", parts.join("/")));
        return Err(ParseError(format!(
            "{} has an empty part or a part of dots, which programs read in different ways: write {instead}",
            quoted(address)
        )));
    }
    if let Some(odd) = key.chars().find(|character| character.is_control() || "?#\\".contains(*character)) {
        let odd = quoted(&odd.to_string());
        return Err(ParseError(format!(
            "{} has the character {odd}, which readers of S3 addresses take apart: leave it out",
            quoted(address)
        )));
    }
    Ok(Place::Bucket { bucket: bucket.to_owned(), key: key.to_owned() })
}

/// Returns what to write instead of an address that is neither a path nor a bucket's.
fn misplaced(text: &str) -> Option<String> {
    let instead = |what: &str, instead: &str| Some(format!("{} {what}: write {instead}", quoted(text)));
    let for_folder = || format!("{} for a folder of that name", quoted(&format!("./{text}")));
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return instead("is in quotes, which no shell has removed", &quoted(inner));
        }
    }
    if text.starts_with('~') {
        return instead("has a `~` that no shell has expanded", &format!("the path in full, or {}", for_folder()));
    }
    if text.starts_with('$') {
        return instead("has a variable that no shell has expanded", &format!("its value, or {}", for_folder()));
    }
    if text.starts_with(r"\\") {
        return instead("is the address of a share", "the path where it is mounted");
    }
    let first = text.split('/').next().unwrap_or_default();
    if let Some(key) = key_of_host(first, text.strip_prefix(first).unwrap_or_default()) {
        return instead("is the address of an S3 endpoint", &key);
    }
    if let Some(rest) = text.strip_prefix("s3//") {
        return instead("lacks a colon", &quoted(&format!("s3://{rest}")));
    }
    let (scheme, rest) = text.split_once(':').filter(|(scheme, rest)| is_scheme(scheme, rest))?;
    let is_known = SCHEMES.contains(&scheme.to_ascii_lowercase().as_str());
    if !is_known && !rest.starts_with('/') || scheme == "s3" && rest.starts_with("//") {
        return None;
    }
    match scheme.to_ascii_lowercase().as_str() {
        "s3" | "s3a" | "s3n" => {
            instead("is not an address of S3", &quoted(&format!("s3://{}", rest.trim_start_matches('/'))))
        }
        "arn" => instead("is an ARN", &key_of_arn(rest).unwrap_or_else(|| ANY_BUCKET.to_owned())),
        "http" | "https" => {
            let (host, path) =
                rest.trim_start_matches('/').split_once('/').unwrap_or((rest.trim_start_matches('/'), ""));
            let key = key_of_host(host, &format!("/{path}"));
            instead("is a web address", &key.unwrap_or_else(|| ANY_BUCKET.to_owned()))
        }
        "file" => {
            let path = rest.strip_prefix("//localhost").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
            instead("is the URL of a file", &format!("the path alone, {}", quoted(path)))
        }
        _ => instead("is neither a folder nor an address of S3", &format!("a path, {ANY_BUCKET}, or {}", for_folder())),
    }
}

/// Returns whether a text before a colon may be the scheme of a URL. One letter may be a drive.
fn is_scheme(text: &str, rest: &str) -> bool {
    (text.len() > 1 || rest.starts_with("//"))
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

/// Returns the address for the ARN of a bucket or an object, without `arn:`.
fn key_of_arn(rest: &str) -> Option<String> {
    let (_, resource) = rest.split_once(":s3:::")?;
    Some(quoted(&format!("s3://{resource}")))
}

/// Returns the address for a host of S3 and a path on it: `bucket.s3.region.amazonaws.com`, or the bucket in the path.
fn key_of_host(host: &str, path: &str) -> Option<String> {
    let name = host.to_ascii_lowercase();
    let name = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"))?;
    let is_endpoint = |label: &str| label == "s3" || label.starts_with("s3-");
    let bucket: Vec<&str> = name.split('.').take_while(|label| !is_endpoint(label)).collect();
    let path = path.trim_matches('/');
    let key = match bucket.as_slice() {
        [] => path.to_owned(),
        _ if !name.split('.').any(is_endpoint) => return Some(ANY_BUCKET.to_owned()),
        labels => format!("{}/{path}", labels.join(".")),
    };
    Some(quoted(&format!("s3://{key}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: &str) -> String {
        Place::read(address).map_or_else(|ParseError(what)| what, |place| format!("accepted: {place:?}"))
    }

    #[test]
    fn paths_are_kept_as_they_are() {
        for path in [
            "out",
            ".",
            "..",
            "/",
            "a//b",
            "a/../b",
            "./out/",
            "/data/it's [out]*?",
            "o u't",
            "100%",
            "a~b",
            "./~x",
            "./s3:b/x",
            "2026-01:01",
            "data:2026",
            "x/s3:b",
            "x/s3://b",
            "C:\\out",
            "c:out",
            "s3",
            "s3/b",
            "out ",
            " out",
            "é",
            "a$b",
            "dir/$x",
            "'a'b",
            "amazonaws.com",
            "a:b:c",
        ] {
            assert_eq!(Place::read(path), Ok(Place::Path(path.to_owned())));
        }
    }

    #[test]
    fn buckets_are_read_with_and_without_a_prefix() {
        for (address, bucket, key) in [
            ("s3://abc", "abc", ""),
            ("s3://abc/", "abc", ""),
            ("s3://abc//", "abc", ""),
            ("s3://abc/pre", "abc", "pre"),
            ("s3://abc/pre//", "abc", "pre"),
            (" s3://abc/a b/é/100%/+x ", "abc", "a b/é/100%/+x"),
            ("s3://abc/...", "abc", "..."),
        ] {
            assert_eq!(Place::read(address), Ok(Place::Bucket { bucket: bucket.into(), key: key.into() }), "{address}");
        }
    }

    #[test]
    fn what_would_become_a_folder_by_mistake_is_refused_with_what_to_write() {
        let addresses = [
            "",
            " ",
            "out\r",
            "\tout",
            "~",
            "~/x",
            "~user/x",
            "$HOME/x",
            "${OUT}",
            "\"s3://b/x\"",
            "'out'",
            r"\\server\share",
            "arn:aws:s3:::abc/x",
            "arn:aws-cn:s3:::abc",
            "ARN:aws:s3:::abc/x",
            "arn:aws:s3:eu-west-1:1:accesspoint/x",
            "s3:abc/x",
            "s3:/abc",
            "s3:///abc/x",
            "S3://abc/x",
            "s3a://abc/x",
            "s3n:abc",
            "s3//abc/x",
            "s3://a",
            "s3://ABC/x",
            "s3://",
            "s3://abc//pre",
            "s3://abc/./x",
            "s3://abc/a/../b",
            "s3://abc/a//b/",
            "s3://abc/a?b",
            "s3://abc/a\\b",
            "https://abc.s3.eu-west-1.amazonaws.com/x/y",
            "http://s3-eu-west-1.amazonaws.com/abc/x",
            "https://example.org/x",
            "HTTPS://abc.s3.cn-north-1.amazonaws.com.cn",
            "abc.s3.amazonaws.com/x",
            "s3.amazonaws.com/abc/x",
            "file:///data/out",
            "file://localhost/data",
            "file:out",
            "gs://abc/x",
            "gs:abc",
            "nfs:/x",
            "server:/export",
            "x://y",
        ];
        let told: Vec<String> = addresses.iter().map(|address| refusal(address)).collect();
        insta::assert_snapshot!(told.join("\n"));
        assert!(told.iter().all(|line| !line.starts_with("accepted")));
    }
}
