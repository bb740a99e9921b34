//! A second implementation, in another style: it works on the JSON text, knows everything of a request, and has two values.
//! It is slow, and knows only what the generated policies have.

use std::collections::BTreeMap;

use serde_json::Value;

/// A request of which everything is known. A key that is not in the map is absent.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub action: String,
    pub resource: String,
    /// All texts by which a principal may name the caller.
    pub names: Vec<String>,
    pub keys: BTreeMap<String, Vec<String>>,
}

fn list(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    value.as_array().map_or_else(|| vec![text(value)], |values| values.iter().map(text).collect())
}

/// Stands for the variable `${*}`, a star that is no wildcard.
const STAR: char = '\u{e000}';

/// IAM's wildcards by their definition.
fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        [STAR, rest @ ..] => text.first() == Some(&'*') && glob(rest, &text[1..]),
        ['?', rest @ ..] => !text.is_empty() && glob(rest, &text[1..]),
        [wanted, rest @ ..] => text.first() == Some(wanted) && glob(rest, &text[1..]),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    let pattern = pattern.replace("${*}", &STAR.to_string());
    glob(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

fn address(text: &str) -> u32 {
    text.split('.').fold(0, |sum, part| sum * 256 + part.parse::<u32>().unwrap())
}

fn in_range(range: &str, text: &str) -> bool {
    let (base, prefix) = range.split_once('/').unwrap_or((range, "32"));
    let size = 2_u64.pow(32 - prefix.parse::<u32>().unwrap());
    u64::from(address(base)) / size == u64::from(address(text)) / size
}

fn like_arn(pattern: &str, text: &str) -> bool {
    let split = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    pattern == "*" || split(pattern).iter().zip(split(text)).all(|(wanted, found)| like(wanted, &found))
}

/// The comparison of an operator without "Not", by the documentation's table.
fn equal(operator: &str, wanted: &str, found: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().unwrap();
    match operator {
        "StringEquals" => wanted.replace("${*}", "*") == found,
        "StringEqualsIgnoreCase" => wanted.replace("${*}", "*").eq_ignore_ascii_case(found),
        "StringLike" => like(wanted, found),
        "NumericEquals" => number(found) == number(wanted),
        "NumericLessThan" => number(found) < number(wanted),
        "NumericLessThanEquals" => number(found) <= number(wanted),
        "NumericGreaterThan" => number(found) > number(wanted),
        "NumericGreaterThanEquals" => number(found) >= number(wanted),
        // All generated dates have one form, so that their texts are in their order.
        "DateEquals" => found == wanted,
        "DateLessThan" => found < wanted,
        "DateLessThanEquals" => found <= wanted,
        "DateGreaterThan" => found > wanted,
        "DateGreaterThanEquals" => found >= wanted,
        "Bool" => wanted.eq_ignore_ascii_case(found),
        "IpAddress" => in_range(wanted, found),
        "ArnEquals" | "ArnLike" => like_arn(wanted, found),
        other => panic!("{other}"),
    }
}

fn condition(operator: &str, key: &str, wanted: &[String], request: &Known) -> bool {
    let found = request.keys.get(&key.to_lowercase()).cloned().unwrap_or_default();
    let (set, operator) = operator.split_once(':').unwrap_or(("", operator));
    if operator == "Null" {
        return wanted.contains(&found.is_empty().to_string());
    }
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    let (positive, negated) = match operator {
        "NotIpAddress" => ("IpAddress".to_owned(), true),
        other => (other.replacen("Not", "", 1), other.contains("Not")),
    };
    let one = |value: &String| wanted.iter().any(|wanted| equal(&positive, wanted, value)) != negated;
    // For a set operator an empty text is as good as none.
    let is_empty = if set.is_empty() { found.is_empty() } else { found.iter().all(String::is_empty) };
    match (is_empty, set) {
        (true, "") => if_exists || negated,
        (true, "ForAllValues") => true,
        (true, _) => false,
        (false, "ForAnyValue") => found.iter().any(one),
        (false, _) => found.iter().all(one),
    }
}

fn applies(statement: &Value, request: &Known) -> bool {
    let lower = |texts: Vec<String>| texts.into_iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    let action = request.action.to_lowercase();
    let acts = |name: &str| lower(list(&statement[name])).iter().any(|pattern| like(pattern, &action));
    let about_action = if statement["NotAction"].is_null() { acts("Action") } else { !acts("NotAction") };
    let on = |name: &str| list(&statement[name]).iter().any(|pattern| like(pattern, &request.resource));
    let about_resource = match (statement["Resource"].is_null(), statement["NotResource"].is_null()) {
        (false, _) => on("Resource"),
        (true, false) => !on("NotResource"),
        (true, true) => true,
    };
    let principals: Option<Vec<String>> = match &statement["Principal"] {
        Value::Null => None,
        Value::String(everyone) => Some(vec![everyone.clone()]),
        Value::Object(kinds) => Some(
            kinds
                .iter()
                .flat_map(|(kind, names)| list(names).into_iter().map(move |name| format!("{kind} {name}")))
                .collect(),
        ),
        _ => panic!("a principal"),
    };
    let about_caller = principals.is_none_or(|principals| principals.iter().any(|name| request.names.contains(name)));
    let empty = serde_json::Map::new();
    let conditions = statement["Condition"].as_object().unwrap_or(&empty);
    about_action
        && about_resource
        && about_caller
        && conditions.iter().all(|(operator, keys)| {
            keys.as_object().unwrap().iter().all(|(key, wanted)| condition(operator, key, &list(wanted), request))
        })
}

/// Returns whether the statements allow a request: some Allow applies, and no Deny.
pub(super) fn allows(statements: &Value, request: &Known) -> bool {
    let any = |effect: &str| {
        statements.as_array().unwrap().iter().any(|one| one["Effect"] == effect && applies(one, request))
    };
    any("Allow") && !any("Deny")
}

/// Returns whether a Deny of the statements applies.
pub(super) fn denies(statements: &Value, request: &Known) -> bool {
    statements.as_array().unwrap().iter().any(|one| one["Effect"] == "Deny" && applies(one, request))
}

/// Returns whether the policies of an identity allow a request: each group allows, and none denies.
pub(super) fn groups_allow(groups: &[&Value], request: &Known) -> bool {
    groups.iter().all(|group| allows(group, request)) && !groups.iter().any(|group| denies(group, request))
}
