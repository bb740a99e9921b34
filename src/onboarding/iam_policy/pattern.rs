//! IAM's wildcard patterns.

/// Returns whether a text has a wildcard.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Returns whether an IAM pattern matches an action or a resource. Case is ignored, as IAM ignores it in actions.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    matches_bytes(pattern.as_bytes(), text.as_bytes())
}

/// `*` matches any number of characters and `?` one. On a mismatch the latest `*` takes one more character.
fn matches_bytes(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => (p, t) = (p + 1, t + 1),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_are_those_of_iam() {
        for (pattern, text, fits) in [
            ("ec2:Describe*", "ec2:DescribeVpcs", true),
            ("EC2:describevpcs", "ec2:DescribeVpcs", true),
            ("ec2:Describe?pcs", "ec2:DescribeVpcs", true),
            ("*", "", true),
            ("*:*Role", "sts:AssumeRole", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("ec2:Describe", "ec2:DescribeVpcs", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_a_text_matches_it(text in "[a-c]{0,8}", cuts in proptest::collection::vec(0_usize..8, 0..4)) {
            let mut pattern = text.clone();
            for cut in cuts {
                let at = cut.min(pattern.len());
                pattern.insert(at, '*');
            }
            prop_assert!(matches(&pattern, &text));
        }
    }
}
