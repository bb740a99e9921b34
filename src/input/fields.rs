//! Readers of an object's fields and of a list's items.
//!
//! Each function records what is wrong and returns nothing in its place, so that all errors are found in one pass.
//! **Invariant:** a caller uses no value if any error was recorded.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ParseError, ValidationErrors, field_path};

/// The fields of one JSON object, with the object's path.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    place: String,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Returns the fields of `value`, or records an error if it is not an object.
    pub(crate) fn of(value: &'a Value, place: &str, errors: &mut ValidationErrors) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self { place: place.to_owned(), object }),
            other => {
                errors.push(place, format!("is {}: it must be an object, {{...}}", kind(other)));
                None
            }
        }
    }

    /// Returns the path of a field.
    pub(crate) fn path_of(&self, name: &str) -> String {
        field_path(&self.place, name)
    }

    /// Returns the value of a field if the object has it. `null` is a value.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// Returns the names of the fields that are not in `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str).filter(|name| !known.contains(name))
    }

    /// Records an unknown field, with the known name that is nearest. The message never has the field's value.
    pub(crate) fn refuse_unknown(&self, name: &str, known: &[&str], errors: &mut ValidationErrors) {
        let meant = nearest(name, known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let what = format!("is not a known field: {meant}known are {}", known.join(", "));
        errors.push(self.path_of(name), what);
    }

    /// Records every field that is not in `known`.
    pub(crate) fn refuse_all_unknown(&self, known: &[&str], errors: &mut ValidationErrors) {
        for name in self.unknown(known) {
            self.refuse_unknown(name, known, errors);
        }
    }

    /// Reads a string. Returns `None` if the field is missing, or with an error if it has another type.
    pub(crate) fn string(&self, name: &str, errors: &mut ValidationErrors) -> Option<&'a str> {
        string(self.get(name)?, &self.path_of(name), errors)
    }

    /// Reads a string and parses it. Returns `None` if the field is missing, or with an error if it cannot be parsed.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        errors: &mut ValidationErrors,
        read: impl FnOnce(&str) -> Result<T, ParseError>,
    ) -> Option<T> {
        let text = self.string(name, errors)?;
        read(text).map_err(|ParseError(what)| errors.push(self.path_of(name), what)).ok()
    }

    /// Reads a boolean. Returns `None` if the field is missing, or with an error if it has another type.
    pub(crate) fn boolean(&self, name: &str, errors: &mut ValidationErrors) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(value) => Some(*value),
            other => {
                let what = format!("is {}: it must be true or false, without quotes", kind(other));
                errors.push(self.path_of(name), what);
                None
            }
        }
    }

    /// Reads an object of strings. Returns `None` if the field is missing. Wrong entries are recorded and left out.
    pub(crate) fn string_map(&self, name: &str, errors: &mut ValidationErrors) -> Option<BTreeMap<String, String>> {
        let fields = Fields::of(self.get(name)?, &self.path_of(name), errors)?;
        if fields.object.contains_key("") {
            errors.push(&fields.place, "has an entry without a name: name it, or take it out");
        }
        let entries = fields.object.keys().filter_map(|key| {
            let value = fields.string(key, errors)?;
            Some((key.clone(), value.to_owned()))
        });
        Some(entries.collect())
    }

    /// Reads a list of different strings, each parsed by `read_text`. Returns `None` if the field is missing.
    pub(crate) fn list<T: Ord + Clone>(
        &self,
        name: &str,
        errors: &mut ValidationErrors,
        mut read_text: impl FnMut(&str) -> Result<T, ParseError>,
    ) -> Option<Vec<T>> {
        let value = self.get(name)?;
        let list = unique_list(value, &self.path_of(name), errors, |item, place, errors| {
            let text = string(item, place, errors)?;
            read_text(text).map_err(|ParseError(what)| errors.push(place, what)).ok()
        });
        Some(list)
    }
}

/// Reads a list of at least one item without duplicates. Wrong items are recorded and left out.
pub(crate) fn unique_list<T: Ord + Clone>(
    value: &Value,
    place: &str,
    errors: &mut ValidationErrors,
    mut read_item: impl FnMut(&Value, &str, &mut ValidationErrors) -> Option<T>,
) -> Vec<T> {
    let Value::Array(items) = value else {
        errors.push(place, format!("is {}: it must be a list, [...]", kind(value)));
        return Vec::new();
    };
    if items.is_empty() {
        errors.push(place, "is an empty list, which never means all: name at least one, or leave the field out");
    }
    let mut list = Vec::with_capacity(items.len());
    let mut first_paths = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let item_place = format!("{place}[{index}]");
        let Some(read) = read_item(item, &item_place, errors) else {
            continue;
        };
        match first_paths.get(&read) {
            Some(first) => errors.push(item_place, format!("is the same as {place}[{first}]: name it once")),
            None => {
                first_paths.insert(read.clone(), index);
                list.push(read);
            }
        }
    }
    list
}

/// Returns the name of a value's JSON type for a message: `a number`.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn string<'a>(value: &'a Value, place: &str, errors: &mut ValidationErrors) -> Option<&'a str> {
    match value {
        Value::String(text) => Some(text),
        other => {
            errors.push(place, format!("is {}: it must be a text, in quotes", kind(other)));
            None
        }
    }
}

/// Returns the known name that differs from `name` only in its spelling (`runId`), or in at most two letters.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // A long name is no typing error, and the distance takes time that grows with the square of its length.
    if name.len() > 40 {
        return None;
    }
    let letters = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = letters(name);
    let distance = |candidate: &'a str| (strsim::levenshtein(&wanted, &letters(candidate)), candidate);
    let (distance, candidate) = known.iter().copied().map(distance).min()?;
    (distance <= 2 && distance * 3 <= wanted.chars().count()).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_error_of_an_object_is_recorded() {
        let value = json!({"names": ["a", 1, "a", ""], "none": [], "no_list": "a", "on": "true", "text": 7,
            "tags": {"tier": "gold", "": "x", "n": 1, "o": {}}, "runId": "secret", "zzz\n": "secret"});
        let mut errors = ValidationErrors::new();
        let fields = Fields::of(&value, "request", &mut errors).unwrap();
        let known = ["names", "none", "no_list", "on", "text", "tags", "run_id"];
        fields.refuse_all_unknown(&known, &mut errors);
        let read = |text: &str| match text {
            "" => Err(ParseError("is no name".to_owned())),
            text => Ok(text.to_owned()),
        };
        assert_eq!(fields.list("names", &mut errors, read), Some(vec!["a".to_owned()]));
        assert_eq!(fields.list("none", &mut errors, read), Some(vec![]));
        assert_eq!(fields.list("no_list", &mut errors, read), Some(vec![]));
        assert_eq!(fields.list("absent", &mut errors, read), None);
        assert_eq!(fields.boolean("on", &mut errors), None);
        assert_eq!(fields.string("text", &mut errors), None);
        assert!(fields.string_map("tags", &mut errors).unwrap().contains_key("tier"));
        insta::assert_snapshot!(errors, @r#"
        request.runId: is not a known field: did you mean `run_id`? known are names, none, no_list, on, text, tags, run_id
        request["zzz\n"]: is not a known field: known are names, none, no_list, on, text, tags, run_id
        request.names[1]: is a number: it must be a text, in quotes
        request.names[2]: is the same as request.names[0]: name it once
        request.names[3]: is no name
        request.none: is an empty list, which never means all: name at least one, or leave the field out
        request.no_list: is a text: it must be a list, [...]
        request.on: is a text: it must be true or false, without quotes
        request.text: is a number: it must be a text, in quotes
        request.tags: has an entry without a name: name it, or take it out
        request.tags.n: is a number: it must be a text, in quotes
        request.tags.o: is an object: it must be a text, in quotes
        "#);
        assert!(!errors.to_string().contains("secret"));
    }

    #[test]
    fn near_misses_are_suggested() {
        let known = ["accounts", "run_id", "via", "tags"];
        assert_eq!(nearest("acounts", &known), Some("accounts"));
        assert_eq!(nearest("account", &known), Some("accounts"));
        assert_eq!(nearest("RunID", &known), Some("run_id"));
        assert_eq!(nearest("tag", &known), Some("tags"));
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest("colour", &known), None);
    }
}
