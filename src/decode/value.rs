//! One value of a row.

use jiff::Timestamp;

use super::json;

/// One value of a row. Missing, empty text and an empty list are three different things.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// AWS did not answer this member.
    #[default]
    Missing,
    /// A string, as it came.
    Text(String),
    /// A boolean.
    Boolean(bool),
    /// An integer of at most 64 bits.
    Integer(i64),
    /// A floating-point number.
    Double(f64),
    /// A UTC instant.
    Timestamp(Timestamp),
    /// A structure or a list, as JSON text that keeps AWS's own member names.
    Json(String),
}

impl Value {
    /// Appends the value as JSON; nothing where it is missing.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Missing => {}
            Self::Text(text) => json::string(out, text),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => out.push_str(&value.to_string()),
            Self::Double(value) => out.push_str(&serde_json::Value::from(*value).to_string()),
            Self::Timestamp(value) => json::string(out, &value.to_string()),
            Self::Json(json) => out.push_str(json),
        }
    }
}
