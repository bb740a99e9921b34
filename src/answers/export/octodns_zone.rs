//! A zone as octoDNS has it: the records that every provider knows, and the aliases that only the one for Route 53 does.
//!
//! **Invariant:** a record set is in one of the two, or in the list of what octoDNS cannot have. An SOA record is in none: octoDNS
//! leaves it to providers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exported_zones::ExportedZone;
use super::master_text::ExportName;
use super::octodns_values::{alias_record, octodns_label, plain_record};
use super::record_sets::{RecordSet, SetForm};
use super::yaml_text::{natural, quoted};

/// A zone as files of octoDNS.
#[derive(Debug, Default)]
pub(super) struct OctodnsZone {
    pub records: String,
    pub aliases: Option<String>,
    pub written: u64,
    /// Records that octoDNS leaves as they are, since it has no such policies.
    pub ignored: u64,
    /// The names of what octoDNS cannot have, with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Writes a zone.
pub(super) fn octodns_zone(zone: &ExportedZone<'_>) -> OctodnsZone {
    let mut written = OctodnsZone::default();
    let sets = zone.record_sets();
    let (mut records, mut aliases) = (BTreeMap::<String, Vec<Value>>::new(), BTreeMap::<String, Vec<Value>>::new());
    for of_name in sets.chunk_by(|one, other| one.name.key() == other.name.key()) {
        let Some(first) = of_name.first() else { continue };
        let Some(name) = first.name.below(&zone.name).and_then(octodns_label) else {
            leave_out(&mut written, of_name, "octoDNS has no such names");
            continue;
        };
        let mut of_alias: Vec<&RecordSet<'_>> = Vec::new();
        for of_kind in of_name.chunk_by(|one, other| one.kind == other.kind) {
            let Some(set) = of_kind.iter().find(|set| set.alias_target().is_none()) else {
                of_alias.extend(of_kind);
                continue;
            };
            of_alias.extend(of_kind.iter().filter(|set| set.alias_target().is_some()));
            if set.kind == "SOA" || set.form == SetForm::Routed("traffic policy") {
                continue;
            }
            match plain_record(set) {
                Ok(record) => {
                    written.ignored += u64::from(record.get("octodns").is_some());
                    written.written += 1;
                    records.entry(name.clone()).or_default().push(record);
                }
                Err(why) => leave_out(&mut written, of_kind, &why),
            }
        }
        if !of_alias.is_empty() {
            let record = alias_record(zone, &of_alias);
            written.ignored += u64::from(record.get("octodns").is_some());
            aliases.entry(name).or_default().push(record);
        }
    }
    written.records = document(records);
    written.aliases = (!aliases.is_empty()).then(|| document(aliases));
    written
}

fn leave_out(written: &mut OctodnsZone, sets: &[RecordSet<'_>], why: &str) {
    let of = |set: &RecordSet<'_>| (format!("{} {}", set.name.absolute(), set.kind), why.to_owned());
    written.left_out.extend(sets.iter().map(of));
}

/// The records of names, in the order that octoDNS demands of names.
fn document(records: BTreeMap<String, Vec<Value>>) -> String {
    let mut names: Vec<(String, Vec<Value>)> = records.into_iter().collect();
    names.sort_by(|one, other| natural(&one.0, &other.0));
    let mut text = "---\n".to_owned();
    for (name, records) in names {
        text.push_str(&format!("{}:\n", quoted(&name)));
        super::yaml_text::block(&json!(records), 1, &mut text);
    }
    text
}

/// The name of a zone as octoDNS has it, with the last dot. It is part of a path.
///
/// # Errors
///
/// Returns why octoDNS cannot have the zone.
pub(super) fn zone_name(name: &ExportName) -> Result<String, &'static str> {
    let shown = octodns_label(&name.labels).map(|name| format!("{name}."));
    let shown = shown.ok_or("octoDNS has no zones of such names")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    // octoDNS makes an expression of the name, and a path.
    let is_safe = shown.bytes().all(is_plain) && super::file_names::is_inside(&format!("{shown}yaml"));
    is_safe.then_some(shown).ok_or("octoDNS makes a path of its name, and the name leads elsewhere")
}
