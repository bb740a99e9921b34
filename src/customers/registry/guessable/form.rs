//! Knows the forms of external IDs that are not random whatever their characters are: UUIDs that are made from the time or
//! from a name, published examples, addresses, and encodings of something else.
//!
//! **Invariant:** estimates nothing.

use sha2::{Digest, Sha256};

use super::GuessReason;

/// The UUIDs that documentation, standards and libraries use as examples.
const SAMPLE_UUIDS: [&str; 18] = [
    "00112233-4455-6677-8899-aabbccddeeff",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "110ec58a-a0f4-4ac4-8393-c866d813b8d1",
    "123e4567-e89b-12d3-a456-426614174000",
    "123e4567-e89b-12d3-a456-426655440000",
    "16fd2706-8baf-433b-82eb-8c7fada847da",
    "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
    "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "550e8400-e29b-41d4-a716-446655440000",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "936da01f-9abd-4d9d-80c7-02af85c822a8",
    "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
    "c9bf9e57-1685-4c89-bafb-ff5af830be8a",
    "de305d54-75b4-431b-adb2-eb6b9e546014",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
];
/// The first twelve bits of a UUID's time, from 1988 to 2100: each step is 326 days.
const PLAUSIBLE_TIMES: std::ops::RangeInclusive<u16> = 0x1c6..=0x244;
/// The fewest bytes of a text that differs from random bytes.
const MINIMUM_TEXT: usize = 8;

/// Returns why an external ID of this form can be guessed.
pub(super) fn by_form(external_id: &str) -> Option<GuessReason> {
    let lower = external_id.to_ascii_lowercase();
    let is_sample = matches!(lower.len(), 32 | 36)
        && SAMPLE_UUIDS
            .iter()
            .any(|sample| lower.bytes().filter(|byte| *byte != b'-').eq(sample.bytes().filter(|byte| *byte != b'-')));
    if is_sample || lower.contains("example") {
        return Some(GuessReason::Sample);
    }
    if lower.starts_with("arn:") || is_email(&lower) {
        return Some(GuessReason::Address);
    }
    by_version(&lower)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let top = domain.rsplit('.').next().unwrap_or_default();
    let has_top = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_lowercase());
    !local.is_empty() && domain.contains('.') && has_top && domain.split('.').all(is_label)
}

/// Returns the version of a UUID (RFC 9562), as its digit.
fn version(text: &str) -> Option<u8> {
    let bytes = text.as_bytes();
    let is_uuid = bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    (is_uuid && matches!(bytes[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')).then(|| bytes[14])
}

/// Returns whether a text has the form of a random UUID.
pub(super) fn is_random_uuid(text: &str) -> bool {
    version(text) == Some(b'4')
}

/// Returns why a UUID can be guessed by its version. One whose time is far from ours is not made from the time.
fn by_version(lower: &str) -> Option<GuessReason> {
    let plausible = |bits: &str| u16::from_str_radix(bits, 16).is_ok_and(|bits| PLAUSIBLE_TIMES.contains(&bits));
    match version(lower)? {
        b'1' | b'2' if plausible(&lower[15..18]) => Some(GuessReason::TimeBasedUuid),
        b'6' if plausible(&lower[..3]) => Some(GuessReason::TimeBasedUuid),
        b'3' | b'5' => Some(GuessReason::NameBasedUuid),
        _ => None,
    }
}

/// Returns the texts that an external ID is the hexadecimal or base64 form of.
pub(super) fn decoded_texts(external_id: &str) -> Vec<String> {
    let bytes = [hex::decode(external_id.replace('-', "")).ok(), from_base64(external_id)];
    let texts = bytes.into_iter().flatten().filter_map(|bytes| String::from_utf8(bytes).ok());
    let is_text = |text: &String| {
        text.len() >= MINIMUM_TEXT
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _.:/@-".contains(&byte))
    };
    texts.filter(is_text).collect()
}

/// Decodes base64 of both alphabets, with or without the characters at its end.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xfff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// Returns whether an external ID is the SHA-256 hash of the account's number or of a name, or the beginning of one.
pub(super) fn is_hash_of(external_id: &str, account_id: &str, names: &[&str]) -> bool {
    let digits = external_id.replace('-', "").to_ascii_lowercase();
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let mut known = names.iter().copied().chain(lower.iter().map(String::as_str)).chain([account_id]);
    known.any(|text| hex::encode(Sha256::digest(text.as_bytes())).starts_with(&digits))
}
