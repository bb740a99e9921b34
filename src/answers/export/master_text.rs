//! Names and values as Route 53 writes them: labels, tokens, character strings, and their escapes.
//!
//! Route 53's escapes are octal: `\052` is `*`. Those of master files are decimal (RFC 1035, section 5.1), so that no escape
//! may be copied from one to the other.
//!
//! **Invariant:** knows no record type.

/// The most bytes of a label (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;
/// The most bytes of a name on the wire, with the length of each label.
const MAX_NAME: usize = 255;
/// The most bytes of a character string.
pub(super) const MAX_STRING: usize = 255;

/// A name: its labels, the lowest first. The root has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ExportName {
    pub labels: Vec<Vec<u8>>,
}

/// A token of a value: what is between blanks, with its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ValueToken<'v>(pub &'v str);

impl ExportName {
    /// Reads a name. Route 53 takes every name as absolute, with or without the last dot.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text == "." {
            return Some(Self::default());
        }
        let mut labels = vec![Vec::new()];
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            let (byte, is_escaped, after) = next_byte(*first, after);
            rest = after;
            match labels.last_mut() {
                _ if byte == b'.' && !is_escaped => labels.push(Vec::new()),
                Some(label) => label.push(byte),
                None => return None,
            }
        }
        if labels.last().is_some_and(Vec::is_empty) {
            labels.pop();
        }
        let is_label = |label: &Vec<u8>| (1..=MAX_LABEL).contains(&label.len());
        let bytes: usize = 1 + labels.iter().map(|label| label.len() + 1).sum::<usize>();
        (!labels.is_empty() && labels.iter().all(is_label) && bytes <= MAX_NAME).then_some(Self { labels })
    }

    /// The name as a master file writes it, with its last dot.
    pub(super) fn absolute(&self) -> String {
        if self.labels.is_empty() {
            return ".".to_owned();
        }
        self.labels.iter().map(|label| format!("{}.", master_label(label))).collect()
    }

    /// The name below an origin as a master file writes it: `@` for the origin itself.
    pub(super) fn relative_to(&self, origin: &Self) -> Option<String> {
        let below = self.below(origin)?;
        let labels: Vec<String> = below.iter().map(|label| master_label(label)).collect();
        Some(if labels.is_empty() { "@".to_owned() } else { labels.join(".") })
    }

    /// The labels that the name has below an origin. `None` if it is not below it.
    pub(super) fn below(&self, origin: &Self) -> Option<&[Vec<u8>]> {
        let own = self.labels.len().checked_sub(origin.labels.len())?;
        let (below, above) = self.labels.split_at(own);
        let is_same = above.iter().zip(&origin.labels).all(|(one, other)| one.eq_ignore_ascii_case(other));
        is_same.then_some(below)
    }

    /// The form in which names are compared and put in order: the highest label first, in lower case.
    pub(super) fn key(&self) -> Vec<Vec<u8>> {
        self.labels.iter().rev().map(|label| label.to_ascii_lowercase()).collect()
    }

    pub(super) fn is_wildcard(&self) -> bool {
        self.labels.first().is_some_and(|label| label.as_slice() == b"*")
    }
}

/// The tokens of a value. `None` if a quote does not end.
pub(super) fn tokens(value: &str) -> Option<Vec<ValueToken<'_>>> {
    let bytes = value.as_bytes();
    let (mut tokens, mut start, mut is_quoted, mut at) = (Vec::new(), None, false, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                start = start.or(Some(at));
                at += 1;
            }
            b'"' => {
                start = start.or(Some(at));
                is_quoted = !is_quoted;
                // Two strings need no blank between them.
                let is_string = start.is_some_and(|start| bytes.get(start) == Some(&b'"'));
                if !is_quoted && is_string {
                    tokens.extend(start.take().and_then(|start| value.get(start..=at)).map(ValueToken));
                }
            }
            byte if byte.is_ascii_whitespace() && !is_quoted => {
                tokens.extend(start.take().and_then(|start| value.get(start..at)).map(ValueToken));
            }
            _ => start = start.or(Some(at)),
        }
        at += 1;
    }
    tokens.extend(start.and_then(|start| value.get(start..)).map(ValueToken));
    (!is_quoted).then_some(tokens)
}

impl<'v> ValueToken<'v> {
    /// The text without its quotes.
    pub(super) fn inner(self) -> &'v str {
        let inner = self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        inner.unwrap_or(self.0)
    }

    /// The bytes that it stands for.
    pub(super) fn bytes(self) -> Vec<u8> {
        decoded(self.inner())
    }
}

/// The bytes of a text with escapes.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, _, after) = next_byte(*first, after);
        bytes.push(byte);
        rest = after;
    }
    bytes
}

/// The next byte of a text, whether it was escaped, and what follows it.
fn next_byte(first: u8, after: &[u8]) -> (u8, bool, &[u8]) {
    if first != b'\\' {
        return (first, false, after);
    }
    match after {
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
            ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), true, after)
        }
        [byte, after @ ..] => (*byte, true, after),
        [] => (first, true, after),
    }
}

/// A label as a master file writes it.
pub(super) fn master_label(label: &[u8]) -> String {
    escaped(label, b" \"$().;@\\")
}

/// Bytes as a master file writes a character string.
pub(super) fn master_string(bytes: &[u8]) -> String {
    format!("\"{}\"", escaped(bytes, b"\"\\"))
}

fn escaped(bytes: &[u8], special: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' if !special.contains(byte) => text.push(char::from(*byte)),
            b'!'..=b'~' => text.extend(['\\', char::from(*byte)]),
            _ => text.push_str(&format!("\\{byte:03}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absolute(text: &str) -> Option<String> {
        ExportName::read(text).map(|name| name.absolute())
    }

    #[test]
    fn octal_escapes_become_decimal_ones() {
        for (text, expected) in [
            ("\\052.example.com.", Some("*.example.com.")),
            ("a\\100b.example.com", Some("a\\@b.example.com.")),
            ("a\\056b.example.com", Some("a\\.b.example.com.")),
            ("a\\.b", Some("a\\.b.")),
            ("\\303\\244.example.", Some("\\195\\164.example.")),
            ("a\\040b.", Some("a\\032b.")),
            ("0\\05725.2.0.192.in-addr.arpa.", Some("0/25.2.0.192.in-addr.arpa.")),
            ("$x;y(z).", Some("\\$x\\;y\\(z\\).")),
            (".", Some(".")),
            ("", None),
            ("..", None),
            ("a..b", None),
            (".a", None),
        ] {
            assert_eq!(absolute(text).as_deref(), expected, "{text}");
        }
        assert_eq!(absolute(&"a".repeat(64)), None);
        assert_eq!(absolute(&"abcdefg.".repeat(32)), None);
        assert!(absolute(&"abcdefg.".repeat(31)).is_some());
    }

    #[test]
    fn names_are_relative_to_their_origin() {
        let name = |text: &str| ExportName::read(text).unwrap();
        let origin = name("Example.com.");
        for (text, expected) in [
            ("example.COM", Some("@")),
            ("\\052.w.example.com.", Some("*.w")),
            ("notexample.com", None),
            ("com", None),
            ("a\\056example.com", None),
        ] {
            assert_eq!(name(text).relative_to(&origin).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn tokens_end_where_strings_end() {
        let of =
            |value: &'static str| tokens(value).map(|tokens| tokens.iter().map(|token| token.0).collect::<Vec<_>>());
        assert_eq!(of("\"a b\" \"c\\\"d\"").unwrap(), ["\"a b\"", "\"c\\\"d\""]);
        assert_eq!(of("\"a\"\"b\"").unwrap(), ["\"a\"", "\"b\""]);
        assert_eq!(of("1 . alpn=\"h2, h3\"\tport=1 ").unwrap(), ["1", ".", "alpn=\"h2, h3\"", "port=1"]);
        assert_eq!(of("a\\ b c").unwrap(), ["a\\ b", "c"]);
        assert_eq!(of("\"a"), None);
        assert_eq!(of("").unwrap(), Vec::<&str>::new());
        assert_eq!(of("a\\").unwrap(), ["a\\"]);
        assert_eq!(master_string(&ValueToken("\"\\303\\244\\\"\\\\;\\012\"").bytes()), "\"\\195\\164\\\"\\\\;\\010\"");
    }
}
