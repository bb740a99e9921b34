//! The substitution in a NAPTR record (RFC 3402, section 3.2), checked as BIND checks it.
//!
//! **Invariant:** says only whether BIND would take the text. It applies no substitution.

/// Whether BIND takes a text as the substitution of a NAPTR record. The empty text is one.
pub(super) fn is_substitution(text: &[u8]) -> bool {
    let Some((delimiter, rest)) = text.split_first() else { return true };
    if matches!(delimiter, b'0'..=b'9' | b'\\' | b'i' | 0) {
        return false;
    }
    let Some((expression, rest)) = part(*delimiter, rest) else { return false };
    let Some((replacement, flags)) = part(*delimiter, rest) else { return false };
    let groups = groups(expression);
    flags.iter().all(|flag| *flag == b'i')
        && groups.is_some_and(|groups| references(replacement).all(|number| (1..=groups).contains(&number)))
}

/// What is before a delimiter, and what follows it. An escaped delimiter does not count.
fn part(delimiter: u8, text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == delimiter => return Some((&text[..at], &text[at + 1..])),
            0 => return None,
            _ => at += 1,
        }
    }
    None
}

/// The number of groups of an expression. `None` if its brackets do not match, or it repeats nothing: BIND reads each expression
/// once, and refuses what is none.
fn groups(expression: &[u8]) -> Option<usize> {
    let (mut groups, mut open, mut at, mut is_start) = (0, 0_usize, 0, true);
    if expression.is_empty() {
        return None;
    }
    while let Some(byte) = expression.get(at) {
        let starts = matches!(byte, b'(' | b'|' | b'^');
        match byte {
            b'\\' => {
                expression.get(at + 1)?;
                at += 1;
            }
            b'(' => {
                groups += 1;
                open += 1;
            }
            b')' => {
                open = open.checked_sub(1)?;
                if is_start {
                    return None;
                }
            }
            b'[' => at = bracket_end(expression, at)?,
            b'*' | b'+' | b'?' | b'{' if is_start => return None,
            b'{' => {
                let end = at + expression[at..].iter().position(|byte| *byte == b'}')?;
                is_repetition(&expression[at + 1..end]).then_some(())?;
                at = end;
            }
            b'|' if is_start => return None,
            _ => {}
        }
        is_start = starts;
        at += 1;
    }
    (open == 0 && !(is_start && expression.last() != Some(&b'^'))).then_some(groups)
}

/// The place of the bracket that ends a list of characters.
fn bracket_end(expression: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    if expression.get(at) == Some(&b'^') {
        at += 1;
    }
    // A bracket in the first place is a character.
    if expression.get(at) == Some(&b']') {
        at += 1;
    }
    let plain = expression.get(at..)?;
    let end = at + plain.iter().position(|byte| *byte == b']')?;
    // Classes such as `[:digit:]` and ranges that go backwards are rare. They are left to the sidecar.
    let is_plain = !expression[start + 1..end].contains(&b'[');
    let backwards = expression[start + 1..end].windows(3).any(|three| three[1] == b'-' && three[0] > three[2]);
    (is_plain && !backwards).then_some(end)
}

fn is_repetition(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let number = |text: &str| text.parse::<u8>().ok();
    match text.split_once(',') {
        None => number(text).is_some(),
        Some((least, "")) => number(least).is_some(),
        Some((least, most)) => number(least).zip(number(most)).is_some_and(|(least, most)| least <= most),
    }
}

/// The numbers of the groups that a replacement names.
fn references(replacement: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let byte = replacement.get(at)?;
            at += 1;
            if *byte == b'\\' {
                let next = *replacement.get(at)?;
                at += 1;
                if next.is_ascii_digit() {
                    return Some(usize::from(next - b'0'));
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitutions_are_checked_as_bind_checks_them() {
        for taken in [
            "",
            "!^.*$!sip:info@example.com!",
            "!^(.*)$!sip:\\1@example.com!i",
            "/a\\/b/c/",
            "!^\\+44(.*)$!\\1!",
            "!^([0-9]+)(x|y){1,2}$!\\2!",
            "!.*!!",
        ] {
            assert!(is_substitution(taken.as_bytes()), "{taken}");
        }
        for refused in [
            "!",
            "!a",
            "!a!b",
            "1a1b1",
            "!(.*!b!",
            "!.*)!b!",
            "!(.*)!\\2!",
            "!.*!\\1!",
            "!a!b!x",
            "!*!b!",
            "!!b!",
            "!(.*)!\\0!",
            "!a{2,1}!b!",
            "!a|!b!",
        ] {
            assert!(!is_substitution(refused.as_bytes()), "{refused}");
        }
    }
}
