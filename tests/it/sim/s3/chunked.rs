//! Bodies of writes: decodes `aws-chunked` with trailing checksums and verifies CRC32.

use super::super::error::AwsError;
use super::super::http::Request;
use bytes::Bytes;

/// A decoded body and its checksum.
pub(super) struct Body {
    pub bytes: Bytes,
    /// The CRC32 that was sent with it, in base64.
    pub checksum: Option<String>,
}

/// Decodes the body of a write and verifies its checksum.
pub(super) fn body(request: &Request) -> Result<Body, AwsError> {
    let is_chunked =
        request.header("content-encoding").is_some_and(|e| e.split(',').any(|e| e.trim() == "aws-chunked"));
    let mut checksum = request.header("x-amz-checksum-crc32").map(str::to_owned);
    let bytes = if is_chunked {
        let incomplete = || AwsError::new(400, "IncompleteBody", "The request body terminated unexpectedly");
        let (bytes, trailers) = decode(&request.body).ok_or_else(incomplete)?;
        let declared = request.header("x-amz-decoded-content-length").and_then(|length| length.parse::<usize>().ok());
        if declared != Some(bytes.len()) {
            return Err(incomplete());
        }
        for trailer in request.header("x-amz-trailer").unwrap_or_default().split(',') {
            let value = trailers.iter().find(|(name, _)| name.eq_ignore_ascii_case(trailer.trim()));
            match value {
                _ if trailer.trim().is_empty() => {}
                Some((name, value)) if name.eq_ignore_ascii_case("x-amz-checksum-crc32") => {
                    checksum = Some(value.clone());
                }
                Some(_) => {}
                None => {
                    return Err(AwsError::new(400, "MalformedTrailerError", "A declared trailer is missing"));
                }
            }
        }
        Bytes::from(bytes)
    } else {
        request.body.clone()
    };
    match &checksum {
        Some(sum) if *sum != base64(&crc32(&bytes).to_be_bytes()) => {
            Err(AwsError::new(400, "BadDigest", "The CRC32 you specified did not match the calculated checksum."))
        }
        _ => Ok(Body { bytes, checksum }),
    }
}

type Trailers = Vec<(String, String)>;

/// Decodes chunks of `<hex size>[;extension]\r\n<bytes>\r\n`, a chunk of size 0, trailers.
fn decode(mut rest: &[u8]) -> Option<(Vec<u8>, Trailers)> {
    let mut out = Vec::with_capacity(rest.len());
    loop {
        let (line, after) = line(rest)?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = after;
        if size == 0 {
            break;
        }
        let (chunk, after) = rest.split_at_checked(size)?;
        out.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
    let mut trailers = Vec::new();
    while let Some((text, after)) = line(rest).filter(|(text, _)| !text.is_empty()) {
        let (name, value) = text.split_once(':')?;
        trailers.push((name.trim().to_owned(), value.trim().to_owned()));
        rest = after;
    }
    Some((out, trailers))
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}

const TABLE: [u32; 256] = {
    let mut table = [0_u32; 256];
    let mut n = 0;
    while n < 256 {
        let mut value = n as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[n] = value;
        n += 1;
    }
    table
};

/// Computes the CRC-32 of zip.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| (crc >> 8) ^ TABLE[usize::from((crc as u8) ^ byte)])
}

/// Encodes base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().chain([&0, &0]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let length = three.len();
        (0..4).map(move |n| match n > length {
            true => '=',
            false => char::from(LETTERS[(bits >> (18 - 6 * n)) as usize & 63]),
        })
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[test]
fn checksums_and_chunks_are_decoded() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(base64(b"Man"), "TWFu");
    assert_eq!(base64(b"Ma"), "TWE=");
    assert_eq!(base64(b"M"), "TQ==");
    let (body, trailers) =
        decode(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n").expect("decodes");
    assert_eq!(body, b"abcde");
    assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA".to_owned())]);
    assert!(decode(b"5\r\nabc\r\n").is_none());
}
