//! Pagination tokens: opaque to clients, bound to operation, account and region, and no two alike.

use super::dispatch::Job;
use super::error::AwsError;
use super::names::mix;

/// What a token says.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    /// Where the next page begins.
    pub offset: usize,
    /// The next page is empty.
    pub empty: bool,
}

/// Makes a token; with the characters that clients must encode.
pub(super) fn write(job: &Job, offset: usize, empty: bool) -> String {
    let body = format!("{offset}.{}.{}", u8::from(empty), job.state.now_ms());
    let hex: String = body.bytes().map(|byte| format!("{:02x}", byte ^ 0x5a)).collect();
    format!("eyJ/{:016x}+{hex}==", seal(job, &hex))
}

/// Reads a token; what is not one of this listing is refused.
pub(super) fn read(job: &Job, token: &str) -> Result<Token, AwsError> {
    let wrong = || AwsError::new(400, "InvalidPaginationToken", "The pagination token is not valid or has expired.");
    let inner = token.strip_prefix("eyJ/").and_then(|t| t.strip_suffix("==")).ok_or_else(wrong)?;
    let (sealed, hex) = inner.split_once('+').ok_or_else(wrong)?;
    if u64::from_str_radix(sealed, 16).ok() != Some(seal(job, hex)) {
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

fn seal(job: &Job, hex: &str) -> u64 {
    mix(&[&job.call.operation, &job.caller.account, &job.call.region, hex], 7)
}
