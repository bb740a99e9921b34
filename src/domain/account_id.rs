//! The small words of the contract, which every later stage uses too: account ids and formats.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::input::{ParseError, quoted};

/// The id of an AWS account: exactly 12 digits, leading zeros included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountId(String);

impl AccountId {
    /// The 12 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

impl TryFrom<String> for AccountId {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl JsonSchema for AccountId {
    fn schema_name() -> Cow<'static, str> {
        "AccountId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The id of an AWS account: exactly 12 digits, leading zeros included.",
            "type": "string",
            "pattern": "^[0-9]{12}$",
        })
    }
}

/// What the inventory's files are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Parquet.
    Parquet,
    /// Newline-delimited JSON, compressed with gzip.
    Ndjson,
}

impl Format {
    /// The word for it in requests and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Ndjson => "ndjson",
        }
    }
}

impl FromStr for Format {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "parquet" => Ok(Self::Parquet),
            "ndjson" => Ok(Self::Ndjson),
            other => {
                let what = format!("{} is not a format: write \"parquet\" or \"ndjson\"", quoted(other));
                Err(ParseError(what))
            }
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
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

    #[test]
    fn formats_are_lower_case_words() {
        for format in [Format::Parquet, Format::Ndjson] {
            assert_eq!(format.as_str().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        insta::assert_snapshot!("CSV".parse::<Format>().unwrap_err(), @r#"`CSV` is not a format: write "parquet" or "ndjson""#);
    }
}
