//! The value of one column of one row.
//!
//! **Invariant:** knows neither XML nor the formats of files.

use super::json;
use super::shapes::MemberKind;
use super::utc_time::UtcTime;

/// A column's value. Missing, empty text and an empty list are three different values.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// The response does not contain the member.
    #[default]
    Missing,
    /// A string, unchanged from the response.
    Text(String),
    /// A text of `true` or `false`.
    Boolean(bool),
    /// An integer of at most 64 bits.
    Integer(i64),
    /// A finite number with a fraction.
    Double(f64),
    /// An instant in UTC.
    Timestamp(UtcTime),
    /// JSON of a structure or a list, with AWS's own member names.
    Json(String),
}

impl Value {
    /// Parses a scalar that is not a string. `None` if the text is not of that type.
    pub(super) fn of_text(kind: &MemberKind, text: &str) -> Option<Self> {
        let text = text.trim();
        match kind {
            MemberKind::Boolean => text.parse().ok().map(Self::Boolean),
            MemberKind::Integer => text.parse().ok().map(Self::Integer),
            MemberKind::Double => text.parse().ok().filter(|value: &f64| value.is_finite()).map(Self::Double),
            MemberKind::Timestamp => text.parse().ok().map(Self::Timestamp),
            _ => None,
        }
    }

    /// The bytes of memory that the value takes.
    pub(super) fn held(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Text(text) | Self::Json(text) => text.capacity(),
                _ => 0,
            }
    }

    /// Appends the value as JSON, and nothing if it is missing.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Missing => {}
            Self::Text(text) => json::write_string(out, text),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => out.push_str(&value.to_string()),
            Self::Double(value) => out.push_str(&serde_json::Value::from(*value).to_string()),
            Self::Timestamp(value) => json::write_string(out, &value.to_string()),
            Self::Json(json) => out.push_str(json),
        }
    }
}
