//! Route 53 writes what is no letter, digit, hyphen or dot in a name as `\ooo`, in octal.

/// Decodes a name. What is no such escape stays; bytes that are no UTF-8 stay escaped.
pub(super) fn decode(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match escape(&bytes[at..]) {
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

fn escape(bytes: &[u8]) -> Option<u8> {
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
    fn decodes_what_route_53_escapes() {
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
