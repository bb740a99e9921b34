//! What the values of a record lead to.
//!
//! **Invariant:** reads one record, and knows no other.

use serde_json::Value;

use crate::answers::facts::Resource;
use crate::answers::lookup::texts;

/// What one value of a record leads to, as the record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordTarget {
    /// The text of an address.
    Address(String),
    /// A name of any type.
    Name(String),
    /// The host of a mail or service record.
    Host(String),
    NameServer(String),
    Alias {
        name: String,
        zone_id: String,
    },
}

impl RecordTarget {
    /// The text in the column `target`.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Address(text) | Self::Name(text) | Self::Host(text) | Self::NameServer(text) => text,
            Self::Alias { name, .. } => name,
        }
    }
}

/// The type of a record.
pub(super) fn type_of(record: Resource<'_>) -> &str {
    record.text("type").unwrap_or_default()
}

/// What a record leads to: one target for each value. Records that lead to nothing have none.
pub(super) fn targets_of(record: Resource<'_>) -> Vec<RecordTarget> {
    if let Some(alias) = record.text("alias_target") {
        let alias: Value = serde_json::from_str(alias).unwrap_or_default();
        let text = |name: &str| alias[name].as_str().unwrap_or_default().to_owned();
        return vec![RecordTarget::Alias { name: text("DNSName"), zone_id: text("HostedZoneId") }];
    }
    let kind = type_of(record);
    if !matches!(kind, "A" | "AAAA" | "CNAME" | "MX" | "SRV" | "NS") {
        return Vec::new();
    }
    let values = record.text("resource_records").map(|text| texts(text, "Value")).unwrap_or_default();
    values.into_iter().filter_map(|value| target_of(kind, value.trim())).collect()
}

fn target_of(kind: &str, value: &str) -> Option<RecordTarget> {
    let host = || value.split_whitespace().last().unwrap_or_default();
    Some(match kind {
        "A" | "AAAA" => RecordTarget::Address(value.to_owned()),
        "CNAME" => RecordTarget::Name(value.to_owned()),
        "NS" => RecordTarget::NameServer(value.to_owned()),
        // A single dot says that there is no such host.
        _ if host() == "." => return None,
        _ => RecordTarget::Host(host().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type() {
        let host = |text: &str| Some(RecordTarget::Host(text.to_owned()));
        assert_eq!(target_of("MX", "10 mx.example.com."), host("mx.example.com."));
        assert_eq!(target_of("MX", "0 ."), None);
        assert_eq!(target_of("SRV", "10 5\t5061 sip.example.com"), host("sip.example.com"));
        assert_eq!(target_of("SRV", "0 0 0 ."), None);
        assert_eq!(target_of("CNAME", "."), Some(RecordTarget::Name(".".to_owned())));
    }
}
