//! How IAM's patterns relate to texts and to each other.
//!
//! **Invariant:** a relation that cannot be established is not claimed.

/// Returns whether a pattern in lower case matches a text in any case.
pub(super) fn matches_any_case(pattern: &[u8], text: &[u8]) -> bool {
    consume(pattern, text, |symbol, byte| symbol == b'?' || symbol == byte.to_ascii_lowercase())
}

/// Returns whether the outer pattern matches every text that the inner one matches.
pub(super) fn covers(outer: &str, inner: &str) -> bool {
    // What stands for several texts in the inner pattern needs the same, or more, in the outer one.
    consume(outer.as_bytes(), inner.as_bytes(), |symbol, byte| {
        byte != b'*' && (symbol == b'?' || (symbol == byte && byte != b'?'))
    })
}

/// Matches a pattern: `*` takes any symbols, and any other symbol one that it accepts. On a mismatch the latest `*` takes one
/// symbol more.
fn consume(pattern: &[u8], text: &[u8], accepts: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(symbol) if accepts(*symbol, text[t]) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Returns whether some text, in any case, matches both patterns.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // Whether what is left of `one` from a place on, and all that is left of `other`, have a text in common.
    let mut row: Vec<bool> = (0..=one.len()).map(|at| one[at..].iter().all(|byte| *byte == b'*')).collect();
    for place in (0..other.len()).rev() {
        let mut next = vec![false; one.len() + 1];
        for at in (0..=one.len()).rev() {
            let (left, right) = (one.get(at).copied(), other[place]);
            next[at] = match (left, right) {
                (_, b'*') if row[at] => true,
                (Some(b'*'), _) => next[at + 1] || row[at] || (right == b'*' && row[at + 1]),
                (Some(_), b'*') => next[at + 1],
                (Some(left), right) => {
                    (left == b'?' || right == b'?' || left.eq_ignore_ascii_case(&right)) && row[at + 1]
                }
                (None, _) => false,
            };
        }
        row = next;
    }
    row[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn relations_of_patterns_are_those_of_their_texts(
            one in "[ab?*]{0,5}", other in "[ab?*]{0,5}",
        ) {
            let matched = |pattern: &str, text: &str| matches_any_case(pattern.as_bytes(), text.as_bytes());
            let mut texts = vec![String::new()];
            for length in 0..7 {
                let longest: Vec<String> = texts.iter().filter(|text| text.len() == length).cloned().collect();
                texts.extend(longest.into_iter().flat_map(|text| ["a", "b"].map(|letter| format!("{text}{letter}"))));
            }
            let both = texts.iter().any(|text| matched(&one, text) && matched(&other, text));
            prop_assert_eq!(overlap(&one, &other), both);
            prop_assert_eq!(overlap(&other, &one), both);
            if covers(&one, &other) {
                prop_assert!(texts.iter().all(|text| !matched(&other, text) || matched(&one, text)));
            }
            prop_assert!(covers(&one, &one) || one.contains('?'), "{}", one);
            prop_assert!(covers("*", &one));
        }
    }
}
