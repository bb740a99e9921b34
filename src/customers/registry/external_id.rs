//! External IDs: their form, and the rule that one serves one customer. They are secrets, so no
//! message here repeats one.

use std::collections::HashMap;

use secrecy::SecretString;

use crate::input::{ParseError, ValidationErrors};

/// STS's rule for external IDs, as a JSON Schema says it.
pub(super) const EXTERNAL_ID_PATTERN: &str = r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$";

/// Reads an external ID by STS's rule.
pub(crate) fn external_id(text: &str) -> Result<SecretString, ParseError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    if (2..=1224).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(SecretString::from(text));
    }
    Err(ParseError(
        r"is not an external ID as STS takes it: write 2 to 1224 of the characters A-Z a-z 0-9 _+=,.@:/-".to_owned(),
    ))
}

/// A new external ID: 122 random bits in the form of a UUID, which nobody can guess. Whoever keeps the registry makes it;
/// a customer never chooses one, and could else choose another customer's.
pub(crate) fn random_external_id() -> Result<SecretString, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&place) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(SecretString::from(text))
}

/// Sees to it that no external ID serves two customers. A target that names no customer is a
/// customer of its own.
#[derive(Default)]
pub(super) struct ExternalIdUniqueness<'a> {
    /// Where each external ID was seen first, and with which customer.
    first_paths: HashMap<&'a str, (String, Option<&'a str>)>,
}

impl<'a> ExternalIdUniqueness<'a> {
    /// Takes in one more target's external ID, given at `place`.
    pub(super) fn note(
        &mut self,
        external_id: &'a str,
        customer: Option<&'a str>,
        place: String,
        errors: &mut ValidationErrors,
    ) {
        let Some((first_path, first_customer)) = self.first_paths.get(external_id) else {
            self.first_paths.insert(external_id, (place, customer));
            return;
        };
        if customer.is_none() || customer != *first_customer {
            let what = format!(
                "is the same as {first_path}, of another customer: \
                 give every customer an external ID of its own, or both targets the same `customer`"
            );
            errors.push(place, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn external_ids_follow_the_rule_of_sts() {
        for right in ["ab", r"A0_+=,.@:/-", &"x".repeat(1224)] {
            assert!(external_id(right).is_ok(), "{right}");
        }
        for wrong in ["", "a", "a b", "ab\n", "äb", "a*", r"a\b", &"x".repeat(1225)] {
            assert!(external_id(wrong).is_err(), "{wrong}");
        }
        insta::assert_snapshot!(external_id("s3cr3t!").unwrap_err(), @r"is not an external ID as STS takes it: write 2 to 1224 of the characters A-Z a-z 0-9 _+=,.@:/-");
    }

    #[test]
    fn new_ones_are_different_and_of_the_form_of_a_uuid() {
        use secrecy::ExposeSecret;
        let ids: std::collections::HashSet<String> =
            (0..100).map(|_| random_external_id().unwrap().expose_secret().to_owned()).collect();
        assert_eq!(ids.len(), 100);
        for id in ids {
            assert!(external_id(&id).is_ok());
            let form: String = id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
            assert_eq!(form, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
        }
    }

    proptest! {
        #[test]
        fn the_pattern_says_the_same(text in r"[a-zé_+=,.@:/\\ \n*-]{0,5}") {
            let schema = serde_json::json!({"pattern": EXTERNAL_ID_PATTERN});
            prop_assert_eq!(external_id(&text).is_ok(), jsonschema::is_valid(&schema, &text.into()));
        }
    }
}
