//! DNS names in the one form in which they are compared: lower case, without escapes and without the last dot.
//!
//! **Invariant:** folds the case of ASCII letters alone, as DNS does. It knows no internationalised names beside their
//! bytes.

/// The longest text that can be a name: 255 bytes, each of them escaped.
const LONGEST: usize = 4 * 255;

/// Writes a name in its normal form. Escapes are octal, as Route 53 writes them; a dot or backslash inside a label keeps
/// its backslash. Returns whether the text is a name.
pub(crate) fn normalise(text: &str, into: &mut Vec<u8>) -> bool {
    into.clear();
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    if !text.contains('\\') {
        return normalise_plain(text, into);
    }
    let mut rest = text.as_bytes();
    let mut label = 0_usize;
    while let [first, after @ ..] = rest {
        if *first == b'.' {
            if label == 0 {
                return false;
            }
            label = 0;
            into.push(b'.');
            rest = after;
            continue;
        }
        let (byte, is_escaped, after) = next_byte(*first, after);
        if is_escaped && matches!(byte, b'.' | b'\\') {
            into.push(b'\\');
        }
        into.push(byte.to_ascii_lowercase());
        label += 1;
        if label > 63 {
            return false;
        }
        rest = after;
    }
    if label == 0 {
        into.pop();
    }
    !into.is_empty() && into.len() <= 2 * 255
}

/// Writes a name without escapes.
fn normalise_plain(text: &str, into: &mut Vec<u8>) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &[u8]| (1..=63).contains(&label.len());
    if text.len() > 255 || !text.as_bytes().split(|byte| *byte == b'.').all(is_label) {
        return false;
    }
    into.extend_from_slice(text.as_bytes());
    into.make_ascii_lowercase();
    true
}

/// The next byte of a label, whether it was escaped, and what follows it.
fn next_byte(first: u8, after: &[u8]) -> (u8, bool, &[u8]) {
    if first != b'\\' {
        return (first, false, after);
    }
    if let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] = after {
        return ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), true, after);
    }
    match after {
        [byte, after @ ..] => (*byte, true, after),
        [] => (first, true, after),
    }
}

/// The normal form of a name.
pub(crate) fn normal(text: &str) -> Option<Vec<u8>> {
    let mut name = Vec::with_capacity(text.len());
    normalise(text, &mut name).then_some(name)
}

/// The names above a name in its normal form, the nearest first.
pub(crate) fn parents(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_dot = |at: &usize| name[*at] == b'.' && !is_escaped(name, *at);
    (0..name.len()).filter(is_dot).map(|at| &name[at + 1..])
}

/// Whether a byte of a name in its normal form has a backslash that belongs to it.
fn is_escaped(name: &[u8], at: usize) -> bool {
    name[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in a public name that EC2 gives to instances, such as `ec2-192-0-2-1.eu-west-1.compute.amazonaws.com`.
pub(super) fn address_of_ec2_name(name: &[u8]) -> Option<std::net::IpAddr> {
    let name = std::str::from_utf8(name).ok()?;
    let (label, domain) = name.strip_prefix("ec2-")?.split_once('.')?;
    let domain = domain.strip_suffix(".cn").unwrap_or(domain);
    let is_ec2 = domain == "compute-1.amazonaws.com" || domain.ends_with(".compute.amazonaws.com");
    is_ec2.then(|| label.replace('-', ".").parse().ok()).flatten()
}
