//! The form of a message: what is left without names, numbers and ids. Messages of one form have one cause.
//!
//! **Invariant:** decides nothing but which failures are reported together.

/// The most words of a message that count.
const MAX_WORDS: usize = 40;

/// Returns a message without the words that differ between resources, operations and requests.
pub(super) fn message_form(message: &str) -> String {
    let words = message.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let plain: Vec<&str> = words.filter(|word| is_plain(word)).take(MAX_WORDS).collect();
    plain.join(" ")
}

/// Returns whether a word is one of a sentence, such as `denied`. `ec2:DescribeVpcs`, `Z123`, `example.com` and `nextToken`
/// are none.
fn is_plain(word: &str) -> bool {
    let mut letters = word.chars();
    let first = letters.next();
    let is_letter = |letter: char| letter.is_lowercase() || matches!(letter, '-' | '\'' | '’');
    first.is_some_and(char::is_alphabetic) && letters.all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_do_not_count_and_causes_do() {
        let denied = |action: &str, why: &str| {
            format!(
                "User: arn:aws:sts::111122223333:assumed-role/rolecall/x is not authorized to perform: {action} because no \
                 {why} policy allows the {action} action"
            )
        };
        let one = message_form(&denied("ec2:DescribeVpcs", "identity-based"));
        assert_eq!(one, message_form(&denied("route53:ListHostedZones", "identity-based")));
        assert_ne!(one, message_form(&denied("ec2:DescribeVpcs", "session")));
        for (one, other, is_one_form) in [
            ("cut at byte 17", "cut at byte 4711", true),
            ("zone Z1ABC has no name", "zone Z2DEF has no name", true),
            ("`example.com.` is gone", "`a.example.org` is gone", true),
            ("the endpoint cannot be reached", "the response cannot be decoded", false),
            ("AWS returned the same page token twice", "the response cannot be decoded", false),
            ("", "x", false),
        ] {
            assert_eq!(message_form(one) == message_form(other), is_one_form, "{one} / {other}");
        }
    }
}
