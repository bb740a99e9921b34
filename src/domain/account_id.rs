//! The id of an AWS account.

use std::str::FromStr;

use super::string_newtype::string_newtype;
use crate::input::{ParseError, quoted};

string_newtype! {
    /// The id of an AWS account: exactly 12 digits, leading zeros included.
    pub struct AccountId;
    description: "The id of an AWS account: exactly 12 digits, leading zeros included.",
    pattern: "^[0-9]{12}$"
}

impl FromStr for AccountId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            let what = format!("{} is not an account id: write its 12 digits, in quotes", quoted(text));
            Err(ParseError(what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_are_twelve_ascii_digits() {
        assert_eq!("000011112222".parse::<AccountId>().unwrap().as_str(), "000011112222");
        for wrong in
            ["", "1", "11112222333", "1111222233334", "11112222333a", " 11112222333", "111122223333\n", "１１１１"]
        {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
            assert!(serde_json::from_value::<AccountId>(wrong.into()).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<AccountId>("111122223333").is_err());
        insta::assert_snapshot!("12".parse::<AccountId>().unwrap_err(), @"`12` is not an account id: write its 12 digits, in quotes");
    }
}
