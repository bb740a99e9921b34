//! The formats in which the inventory's files can be written.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::{ParseError, quoted};

/// The format of the inventory's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Apache Parquet, compressed with Zstandard.
    Parquet,
    /// Newline-delimited JSON, compressed with gzip.
    Ndjson,
}

impl Format {
    /// Returns the format's name in requests and settings.
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
    fn formats_are_lower_case_words() {
        for format in [Format::Parquet, Format::Ndjson] {
            assert_eq!(format.as_str().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        insta::assert_snapshot!("CSV".parse::<Format>().unwrap_err(), @r#"`CSV` is not a format: write "parquet" or "ndjson""#);
    }
}
