//! Policy documents as JSON, both ways.
//!
//! IAM writes a single statement, action or value either as it is or as a list of one. Reading takes both; writing takes the
//! short form. What cannot be understood is an error: a part that is ignored could change what a document means.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::document::{Condition, Effect, Element, PolicyDocument, Principals, Statement};
use crate::input::{ParseError, parse, quoted};

/// The versions of the policy language.
const VERSIONS: [&str; 2] = ["2008-10-17", "2012-10-17"];

/// The kinds of principals.
const PRINCIPAL_KINDS: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];

/// Reads a document as IAM returns it: most of its operations encode documents for URLs.
pub(crate) fn decode_document(text: &str) -> Result<PolicyDocument, ParseError> {
    // Plain JSON is tried first: a document that is not encoded may have a percent sign of its own. A member that stands
    // twice is an error, since IAM stores no such document and it is unknown which of the two it would take.
    if text.trim_start().starts_with('{') {
        return read(text);
    }
    match percent_encoding::percent_decode_str(text).decode_utf8() {
        Ok(decoded) if decoded.trim_start().starts_with('{') => read(&decoded),
        _ => Err(error("it is no JSON object")),
    }
}

fn read(text: &str) -> Result<PolicyDocument, ParseError> {
    let parsed =
        |text: &str| parse("document", text.as_bytes()).map_err(|errors| error(errors.to_string().replace('\n', "; ")));
    let (value, numbers_as_texts) = (parsed(text)?, parsed(&quote_numbers(text))?);
    let Value::Object(mut members) = value else { return Err(error("it is no JSON object")) };
    take_conditions(&mut members, numbers_as_texts);
    document(members)
}

/// Puts the numbers of a JSON text in quotes. IAM compares a number as it is written, and a float would change it.
fn quote_numbers(text: &str) -> String {
    let (mut quoted, mut rest) = (String::with_capacity(text.len()), text);
    let is_of_number = |character: char| character.is_ascii_digit() || "+-.eE".contains(character);
    while let Some(at) = rest.find(|character: char| character == '"' || character == '-' || character.is_ascii_digit())
    {
        quoted.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with('"') {
            string_length(rest)
        } else {
            rest.find(|c| !is_of_number(c)).unwrap_or(rest.len())
        };
        let token = &rest[..length];
        if rest.starts_with('"') {
            quoted.push_str(token);
        } else {
            quoted.extend(["\"", token, "\""]);
        }
        rest = &rest[length..];
    }
    quoted + rest
}

/// The length of the string that a text begins with, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Takes the conditions of all statements from the document whose numbers are texts.
fn take_conditions(members: &mut Map<String, Value>, mut other: Value) {
    let statements = match (members.get_mut("Statement"), other.get_mut("Statement")) {
        (Some(Value::Array(statements)), Some(Value::Array(others))) => statements.iter_mut().zip(others).collect(),
        (Some(one), Some(other)) => vec![(one, other)],
        _ => Vec::new(),
    };
    for (statement, other) in statements {
        if let (Some(conditions), Some(other)) = (statement.get_mut("Condition"), other.get_mut("Condition")) {
            *conditions = other.take();
        }
    }
}

fn error(what: impl Into<String>) -> ParseError {
    ParseError(format!("not a policy document: {}", what.into()))
}

fn document(mut members: Map<String, Value>) -> Result<PolicyDocument, ParseError> {
    let (version, id) = (text(&mut members, "Version")?, text(&mut members, "Id")?);
    if let Some(version) = version.as_deref().filter(|version| !VERSIONS.contains(version)) {
        return Err(error(format!("the Version {} is not known", quoted(version))));
    }
    let statements = match members.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one) => vec![one],
        None => return Err(error("it has no Statement")),
    };
    nothing_left(&members)?;
    Ok(PolicyDocument { version, id, statements: statements.into_iter().map(statement).collect::<Result<_, _>>()? })
}

fn statement(value: Value) -> Result<Statement, ParseError> {
    let Value::Object(mut members) = value else { return Err(error("a statement is no object")) };
    let sid = text(&mut members, "Sid")?;
    let effect = match text(&mut members, "Effect")?.as_deref() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(error("the Effect of a statement is neither Allow nor Deny")),
    };
    let statement = Statement {
        sid,
        effect,
        principals: element(&mut members, ["Principal", "NotPrincipal"], principals)?,
        actions: element(&mut members, ["Action", "NotAction"], strings)?,
        resources: element(&mut members, ["Resource", "NotResource"], strings)?,
        conditions: members.remove("Condition").map(conditions).transpose()?.unwrap_or_default(),
    };
    nothing_left(&members)?;
    if statement.actions.is_none() {
        return Err(error("a statement has neither Action nor NotAction"));
    }
    Ok(statement)
}

fn nothing_left(members: &Map<String, Value>) -> Result<(), ParseError> {
    members.keys().next().map_or(Ok(()), |name| Err(error(format!("{} is not known", quoted(name)))))
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, ParseError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(error(format!("{name} is no string"))),
    }
}

/// Reads an element by its two names, of which a statement may have one.
fn element<T>(
    members: &mut Map<String, Value>,
    [name, not_name]: [&str; 2],
    read: impl Fn(Value) -> Result<T, ParseError>,
) -> Result<Option<Element<T>>, ParseError> {
    match (members.remove(name), members.remove(not_name)) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some(Element::Is(read(value)?))),
        (None, Some(value)) => Ok(Some(Element::IsNot(read(value)?))),
        (Some(_), Some(_)) => Err(error(format!("a statement has {name} and {not_name}"))),
    }
}

/// Reads a string or a list of strings.
fn strings(value: Value) -> Result<Vec<String>, ParseError> {
    let string = |value| match value {
        Value::String(text) => Ok(text),
        _ => Err(error("an action, a resource or a principal is no string")),
    };
    match value {
        Value::Array(list) => list.into_iter().map(string).collect(),
        one => Ok(vec![string(one)?]),
    }
}

/// Reads a value or a list of values. IAM takes numbers and booleans for the strings that they are written as.
fn texts(value: Value) -> Result<Vec<String>, ParseError> {
    match value {
        Value::Array(list) => list.into_iter().map(scalar).collect(),
        one => Ok(vec![scalar(one)?]),
    }
}

fn scalar(value: Value) -> Result<String, ParseError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(error("a value is neither a string nor a number nor a boolean")),
    }
}

fn principals(value: Value) -> Result<Principals, ParseError> {
    match value {
        Value::String(text) if text == "*" => Ok(Principals::Everyone),
        Value::Object(kinds) => {
            let known = |kind: &str| PRINCIPAL_KINDS.contains(&kind);
            if let Some(kind) = kinds.keys().find(|kind| !known(kind)) {
                return Err(error(format!("the kind of principal {} is not known", quoted(kind))));
            }
            let kinds = kinds.into_iter().map(|(kind, names)| Ok((kind, strings(names)?)));
            Ok(Principals::Named(kinds.collect::<Result<_, ParseError>>()?))
        }
        _ => Err(error("a principal is neither \"*\" nor an object")),
    }
}

fn conditions(value: Value) -> Result<Vec<Condition>, ParseError> {
    let Value::Object(operators) = value else { return Err(error("Condition is no object")) };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return Err(error(format!("the condition {} is no object", quoted(&operator))));
        };
        for (key, values) in keys {
            conditions.push(Condition::new(&operator, &key, texts(values)?));
        }
    }
    conditions.sort_by(|a, b| (&a.operator, &a.key).cmp(&(&b.operator, &b.key)));
    Ok(conditions)
}

/// A list of texts, of which a single one is written as it is.
struct OneOrMany<'a>(Vec<&'a str>);

impl Serialize for OneOrMany<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

fn one_or_many(texts: &[String]) -> OneOrMany<'_> {
    OneOrMany(texts.iter().map(String::as_str).collect())
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(version) = &self.version {
            map.serialize_entry("Version", version)?;
        }
        if let Some(id) = &self.id {
            map.serialize_entry("Id", id)?;
        }
        map.serialize_entry("Statement", &self.statements)?;
        map.end()
    }
}

/// Members stand in the order in which people read them.
impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(sid) = &self.sid {
            map.serialize_entry("Sid", sid)?;
        }
        map.serialize_entry("Effect", if self.allows() { "Allow" } else { "Deny" })?;
        match &self.principals {
            Some(Element::Is(principals)) => map.serialize_entry("Principal", principals)?,
            Some(Element::IsNot(principals)) => map.serialize_entry("NotPrincipal", principals)?,
            None => {}
        }
        for (names, element) in
            [(["Action", "NotAction"], &self.actions), (["Resource", "NotResource"], &self.resources)]
        {
            match element {
                Some(Element::Is(patterns)) => map.serialize_entry(names[0], &one_or_many(patterns))?,
                Some(Element::IsNot(patterns)) => map.serialize_entry(names[1], &one_or_many(patterns))?,
                None => {}
            }
        }
        if !self.conditions.is_empty() {
            let mut operators: BTreeMap<&str, BTreeMap<&str, OneOrMany<'_>>> = BTreeMap::new();
            for condition in &self.conditions {
                let values = OneOrMany(condition.texts().collect());
                operators.entry(&condition.operator).or_default().insert(&condition.key, values);
            }
            map.serialize_entry("Condition", &operators)?;
        }
        map.end()
    }
}

impl Serialize for Principals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Everyone => "*".serialize(serializer),
            Self::Named(kinds) => serializer.collect_map(kinds.iter().map(|(kind, names)| (kind, one_or_many(names)))),
        }
    }
}

#[cfg(test)]
mod tests;
