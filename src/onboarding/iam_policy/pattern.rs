//! IAM's wildcard patterns.
//!
//! **Invariant:** knows no policy variables: [`variables`](super::evaluate) makes the parts of patterns that have some.

use std::collections::BTreeMap;

/// Returns whether a text has a wildcard.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Returns whether an IAM pattern matches a text, such as a resource or a condition's value. Case counts.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    if is_pattern(pattern) { matches_parts(&parts(pattern).collect::<Vec<_>>(), text) } else { pattern == text }
}

/// Returns whether an IAM pattern matches an action. IAM ignores the case of actions.
pub(crate) fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

/// A part of a pattern. One that stands for itself may be a `*` that is no wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternPart {
    Itself(char),
    /// `?`: any one character.
    AnyOne,
    /// `*`: any number of characters.
    AnyNumber,
}

impl PatternPart {
    /// Returns whether a part that is no `*` matches a character.
    fn is(self, character: char) -> bool {
        self == Self::AnyOne || self == Self::Itself(character)
    }
}

/// The parts of a pattern as it is written.
pub(super) fn parts(pattern: &str) -> impl Iterator<Item = PatternPart> {
    pattern.chars().map(|character| match character {
        '*' => PatternPart::AnyNumber,
        '?' => PatternPart::AnyOne,
        other => PatternPart::Itself(other),
    })
}

/// Returns whether the parts of a pattern match a text.
pub(super) fn matches_parts(pattern: &[PatternPart], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    if pattern.iter().filter(|part| **part != PatternPart::AnyNumber).count() > text.len() {
        return false;
    }
    // Nearly all patterns take a step for each character. What takes more may take the product of both lengths.
    let steps = 4 * (pattern.len() + text.len());
    matches_within(steps, pattern, &text).unwrap_or_else(|| matches_in_parallel(pattern, &text))
}

/// Tries the shortest text for each `*`: on a mismatch the latest one takes one more character. Returns none after that many
/// steps.
fn matches_within(steps: usize, pattern: &[PatternPart], text: &[char]) -> Option<bool> {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    for _ in 0..steps {
        if t == text.len() {
            return Some(pattern[p..].iter().all(|part| *part == PatternPart::AnyNumber));
        }
        match pattern.get(p) {
            Some(PatternPart::AnyNumber) => {
                star = Some((p, t));
                p += 1;
            }
            Some(part) if part.is(text[t]) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return Some(false),
            },
        }
    }
    None
}

/// Follows all ways to match at once: bit `i` says that the first `i` parts besides `*` match the text so far. Each
/// character of the text takes one step for 64 parts.
fn matches_in_parallel(pattern: &[PatternPart], text: &[char]) -> bool {
    let parts: Vec<PatternPart> = pattern.iter().copied().filter(|part| *part != PatternPart::AnyNumber).collect();
    let words = parts.len() / 64 + 1;
    let mut stays = vec![0_u64; words];
    let mut at = 0;
    for part in pattern {
        match part {
            PatternPart::AnyNumber => stays[at / 64] |= 1 << (at % 64),
            _ => at += 1,
        }
    }
    let mut reached = vec![0_u64; words];
    reached[0] = 1;
    let mut of_character: BTreeMap<char, Vec<u64>> = BTreeMap::new();
    for character in text {
        let fits = of_character.entry(*character).or_insert_with(|| {
            let mut fits = vec![0_u64; words];
            for (at, _) in parts.iter().enumerate().filter(|(_, part)| part.is(*character)) {
                fits[at / 64] |= 1 << (at % 64);
            }
            fits
        });
        let mut carried = 0;
        for ((reached, stays), fits) in reached.iter_mut().zip(&stays).zip(fits) {
            let moved = *reached & *fits;
            *reached = (moved << 1) | carried | (*reached & stays);
            carried = moved >> 63;
        }
    }
    reached[parts.len() / 64] >> (parts.len() % 64) & 1 == 1
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
            ("?", "é", true),
            ("??", "é", false),
        ] {
            assert_eq!(matches_ignoring_case(pattern, text), fits, "{pattern} {text}");
        }
        assert!(!matches("EC2:*", "ec2:DescribeVpcs") && matches("ec2:*", "ec2:DescribeVpcs"));
        assert!(!matches("role/X", "role/x") && matches("role/?", "role/x"));
    }

    #[test]
    fn a_star_that_stands_for_itself_is_no_wildcard() {
        let pattern = [PatternPart::Itself('a'), PatternPart::Itself('*')];
        assert!(matches_parts(&pattern, "a*") && !matches_parts(&pattern, "ab"));
    }

    /// Says what a pattern means, and takes exponential time.
    fn matches_naively(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => matches_naively(rest, text),
            (Some(('*', rest)), Some((_, tail))) => matches_naively(rest, text) || matches_naively(pattern, tail),
            (Some(('?', rest)), Some((_, tail))) => matches_naively(rest, tail),
            (Some((wanted, rest)), Some((found, tail))) => wanted == found && matches_naively(rest, tail),
            _ => false,
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

        #[test]
        fn a_pattern_matches_what_its_definition_says(pattern in "[ab*?]{0,7}", text in "[abé]{0,7}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), matches_naively(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn both_ways_to_match_agree(pattern in "[ab*?]{0,200}", text in "[ab]{0,200}", steps in 0_usize..400) {
            let (pattern, text): (Vec<_>, Vec<_>) = (parts(&pattern).collect(), text.chars().collect());
            let parallel = matches_in_parallel(&pattern, &text);
            prop_assert_eq!(matches_within(1_000_000, &pattern, &text), Some(parallel));
            prop_assert!(matches_within(steps, &pattern, &text).is_none_or(|matched| matched == parallel));
        }

        #[test]
        fn a_long_pattern_made_of_a_text_matches_it(text in "[ab]{60,140}", stars in proptest::collection::vec(0_usize..60, 0..9)) {
            let mut pattern: Vec<_> = parts(&text).collect();
            for at in stars {
                pattern[at] = if at % 2 == 0 { PatternPart::AnyNumber } else { PatternPart::AnyOne };
            }
            prop_assert!(matches_in_parallel(&pattern, &text.chars().collect::<Vec<_>>()));
        }
    }
}
