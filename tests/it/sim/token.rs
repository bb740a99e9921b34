//! Pagination tokens: opaque, unique, and valid only for one operation, account and region.

use super::dispatch::Job;
use super::error::AwsError;
use super::names::mix;

/// The content of a token.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    /// The index at which the next page starts.
    pub offset: usize,
    /// True if the next page is empty.
    pub empty: bool,
}

/// Writes a token. It has characters that clients must percent-encode.
pub(super) fn write(job: &Job, offset: usize, empty: bool) -> String {
    let body = format!("{offset}.{}.{}", u8::from(empty), job.state.now_ms());
    let hex: String = body.bytes().map(|byte| format!("{:02x}", byte ^ 0x5a)).collect();
    format!("eyJ/{:016x}+{hex}==", signature(job, &hex))
}

/// Parses a token. A token of another listing is refused.
pub(super) fn read(job: &Job, token: &str) -> Result<Token, AwsError> {
    let wrong = || AwsError::new(400, "InvalidPaginationToken", "The pagination token is not valid or has expired.");
    let inner = token.strip_prefix("eyJ/").and_then(|t| t.strip_suffix("==")).ok_or_else(wrong)?;
    let (signed, hex) = inner.split_once('+').ok_or_else(wrong)?;
    if u64::from_str_radix(signed, 16).ok() != Some(signature(job, hex)) {
        return Err(wrong());
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().map(|b| char::from(b ^ 0x5a));
    let body: String = hex.as_bytes().chunks(2).filter_map(byte).collect();
    let parts: Vec<&str> = body.split('.').collect();
    let &[offset, empty, _written] = parts.as_slice() else {
        return Err(wrong());
    };
    let offset = offset.parse().map_err(|_| wrong())?;
    Ok(Token { offset, empty: empty == "1" })
}

fn signature(job: &Job, hex: &str) -> u64 {
    mix(&[&job.call.operation, &job.caller.account, &job.call.region, hex], 7)
}
