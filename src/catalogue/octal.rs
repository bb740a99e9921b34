//! Decodes the octal escapes in Route 53's names.
//!
//! Route 53 writes every character other than letters, digits, hyphens and dots between labels as `\ooo`. A decoded dot
//! or backslash belongs to its label, so it keeps a backslash, as in zone files (RFC 1035): `a\056b` is `a\.b`, and
//! differs from the two labels of `a.b`.
//!
//! **Invariant:** knows nothing of records.

/// Decodes a name. Two names of one zone are never decoded to the same text. A name whose bytes are not UTF-8 is
/// returned unchanged.
pub(super) fn decode(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match parse_escape(&bytes[at..]) {
            Some(byte) => {
                if matches!(byte, b'.' | b'\\') {
                    decoded.push(b'\\');
                }
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
    use proptest::prelude::*;

    #[test]
    fn names_of_route_53_are_decoded() {
        for (name, decoded) in [
            ("\\052.example.com.", "*.example.com."),
            ("a\\040b.", "a b."),
            ("caf\\303\\251.", "café."),
            ("plain.example.com.", "plain.example.com."),
            ("a\\056b.example.com.", "a\\.b.example.com."),
            ("a.b.example.com.", "a.b.example.com."),
            ("a\\134b.", "a\\\\b."),
            ("a\\134.b.", "a\\\\.b."),
            ("a\\134\\056b.", "a\\\\\\.b."),
            ("a\\134056b.", "a\\\\056b."),
            ("odd\\9.\\05", "odd\\9.\\05"),
            ("\\400", "\\400"),
            ("\\377.", "\\377."),
        ] {
            assert_eq!(decode(name), decoded, "{name}");
        }
    }

    /// Writes a name as Route 53 does.
    fn encode(labels: &[String]) -> String {
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            _ => format!("\\{byte:03o}"),
        };
        labels.iter().map(|label| label.bytes().map(escape).collect::<String>() + ".").collect()
    }

    proptest! {
        #[test]
        fn different_names_stay_different(
            one in proptest::collection::vec(r"[a.\\ é0*]{1,4}", 1..4),
            other in proptest::collection::vec(r"[a.\\ é0*]{1,4}", 1..4),
        ) {
            prop_assert_eq!(decode(&encode(&one)) == decode(&encode(&other)), one == other);
        }
    }
}
