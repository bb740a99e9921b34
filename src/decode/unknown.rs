//! Members that the service model does not know: they keep their names on the wire, and their content is JSON.
//!
//! **Invariant:** knows neither a format of responses nor rows.

use std::collections::HashMap;

use super::json::{append_list, write_member};
use super::shapes::Structure;

/// Unknown members of one structure, as members of a JSON object. No two keys are equal, in any case: DuckDB compares
/// the keys of a structure without it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnknownMembers {
    /// Keys, each with the JSON of every occurrence.
    members: Vec<(String, Vec<String>)>,
    /// The position of each name.
    positions: HashMap<String, usize>,
    /// How many names are equal to this one but for their case.
    variants: HashMap<String, usize>,
}

impl UnknownMembers {
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The names on the wire, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.positions.keys().map(String::as_str)
    }

    /// The JSON of every occurrence of every member.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.members.iter().flat_map(|(_, values)| values).map(String::as_str)
    }

    /// Adds a member's JSON. A member that occurs again becomes a list.
    pub(crate) fn push(&mut self, name: &str, json: String) {
        if let Some(at) = self.positions.get(name) {
            self.members[*at].1.push(json);
            return;
        }
        let key = self.unused_key(name);
        self.positions.insert(name.to_owned(), self.members.len());
        self.members.push((key, vec![json]));
    }

    /// The name, with a number if another name differs from it only in its case.
    fn unused_key(&mut self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        let mut number = self.variants.get(&lower).copied().unwrap_or_default();
        let mut key = name.to_owned();
        let mut taken = number > 0;
        while taken {
            number += 1;
            key = format!("{name}_{number}");
            taken = self.variants.contains_key(&key.to_ascii_lowercase());
        }
        self.variants.insert(lower, number.max(1));
        self.variants.entry(key.to_ascii_lowercase()).or_insert(1);
        key
    }

    /// Appends the members, without the brackets of their object. `rename` is asked for the key of each.
    pub(crate) fn write(&self, out: &mut String, rename: impl Fn(&str) -> Option<String>) {
        for (key, values) in &self.members {
            let renamed = rename(key);
            write_member(out, renamed.as_deref().unwrap_or(key), |out| write_values(out, values));
        }
    }

    /// The JSON object of all members.
    pub fn to_object(&self) -> String {
        let mut out = "{".to_owned();
        self.write(&mut out, |_| None);
        out.push('}');
        out
    }

    /// The bytes of memory that the members take.
    pub(super) fn held(&self) -> usize {
        let held = |(key, values): &(String, Vec<String>)| {
            3 * key.capacity() + values.iter().map(|json| json.capacity() + size_of::<String>()).sum::<usize>() + 200
        };
        self.members.iter().map(held).sum()
    }
}

/// One value as it is, several as a list. Several lists are one list.
fn write_values(out: &mut String, values: &[String]) {
    if let [value] = values {
        out.push_str(value);
        return;
    }
    let mut list = "[]".to_owned();
    let are_lists = values.iter().all(|value| value.starts_with('['));
    for value in values {
        if are_lists {
            append_list(&mut list, value);
        } else {
            append_list(&mut list, &format!("[{value}]"));
        }
    }
    out.push_str(&list);
}

/// The key of an unknown member beside the known ones, if its name is that of a known one in any case. No name on the
/// wire has a colon: XML's prefixes are removed.
pub(super) fn unknown_key(structure: &Structure, name: &str) -> Option<String> {
    let is_taken = structure.members.iter().any(|member| member.name.eq_ignore_ascii_case(name));
    is_taken.then(|| format!("aws:{name}"))
}
