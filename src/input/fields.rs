//! Reading the fields of an object and the items of a list. Each function names what is wrong and
//! goes on with nothing in its place; that nothing may then be used is the caller's rule to keep.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ParseError, ValidationErrors, field_path};

/// The fields of one object, with its place.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    place: String,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, or a problem where it is no object.
    pub(crate) fn of(value: &'a Value, place: &str, errors: &mut ValidationErrors) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self { place: place.to_owned(), object }),
            other => {
                errors.push(place, format!("is {}: it must be an object, {{...}}", kind(other)));
                None
            }
        }
    }

    /// Where a field of it is.
    pub(crate) fn path_of(&self, name: &str) -> String {
        field_path(&self.place, name)
    }

    /// A field's value, if the object gives it; `null` is a value.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// The names of the fields that are none of `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str).filter(|name| !known.contains(name))
    }

    /// Names a field that is none of `known`, with what was perhaps meant. Never its value.
    pub(crate) fn refuse_unknown(&self, name: &str, known: &[&str], errors: &mut ValidationErrors) {
        let meant = nearest(name, known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let what = format!("is not a known field: {meant}known are {}", known.join(", "));
        errors.push(self.path_of(name), what);
    }

    /// Names every field that is none of `known`.
    pub(crate) fn refuse_all_unknown(&self, known: &[&str], errors: &mut ValidationErrors) {
        for name in self.unknown(known) {
            self.refuse_unknown(name, known, errors);
        }
    }

    /// A text. `None` where it is not given, and, with a problem, where it is something else.
    pub(crate) fn string(&self, name: &str, errors: &mut ValidationErrors) -> Option<&'a str> {
        string(self.get(name)?, &self.path_of(name), errors)
    }

    /// A text with a meaning of its own. `None` where it is not given, and, with a problem, where it is
    /// something else.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        errors: &mut ValidationErrors,
        read: impl FnOnce(&str) -> Result<T, ParseError>,
    ) -> Option<T> {
        let text = self.string(name, errors)?;
        read(text).map_err(|ParseError(what)| errors.push(self.path_of(name), what)).ok()
    }

    /// A switch. `None` where it is not given, and, with a problem, where it is something else.
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

    /// Names with texts. `None` where it is not given; entries that are wrong are named and left out.
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

    /// A list of different texts, each read by `read_text`. `None` where it is not given.
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

/// A list of at least one item, each different. What is wrong is named, and left out.
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

/// What kind of JSON value this is, for a message: `a number`.
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

/// The known name that differs from `name` only in its spelling (`runId`) or in two letters at most.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > 40 {
        return None;
    }
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = letters(name);
    let near = known.iter().map(|candidate| (distance(&wanted, &letters(candidate)), *candidate)).min()?;
    (near.0 <= 2 && near.0 * 3 <= wanted.len()).then_some(near.1)
}

/// The edit distance of Levenshtein.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, from) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, to) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_problem_of_an_object_is_named() {
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
    fn near_misses_are_told() {
        let known = ["accounts", "run_id", "via", "tags"];
        assert_eq!(nearest("acounts", &known), Some("accounts"));
        assert_eq!(nearest("account", &known), Some("accounts"));
        assert_eq!(nearest("RunID", &known), Some("run_id"));
        assert_eq!(nearest("tag", &known), Some("tags"));
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest("colour", &known), None);
    }
}
