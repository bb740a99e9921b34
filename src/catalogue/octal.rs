//! Decodes the octal escapes in Route 53's names.
//!
//! Route 53 writes every character other than letters, digits, hyphens and dots as `\ooo`.
//!
//! **Invariant:** knows nothing of records.

/// Decodes a name. A name whose bytes are not UTF-8 is returned unchanged.
pub(super) fn decode(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match parse_escape(&bytes[at..]) {
            Some(byte) => {
                decoded.push(byte);
                at += 4;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| name.to_owned())
}

fn parse_escape(bytes: &[u8]) -> Option<u8> {
    let [b'\\', digits @ ..] = bytes else { return None };
    let mut value = 0_u32;
    for digit in digits.get(..3)? {
        value = value * 8 + char::from(*digit).to_digit(8)?;
    }
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn names_of_route_53_are_decoded() {
        for (name, decoded) in [
            ("\\052.example.com.", "*.example.com."),
            ("a\\040b.", "a b."),
            ("caf\\303\\251.", "café."),
            ("plain.example.com.", "plain.example.com."),
            ("odd\\9.\\05", "odd\\9.\\05"),
            ("\\400", "\\400"),
            ("\\377.", "\\377."),
        ] {
            assert_eq!(decode(name), decoded, "{name}");
        }
    }
}
