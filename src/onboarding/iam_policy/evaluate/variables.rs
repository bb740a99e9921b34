//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.
//!
//! **Invariant:** knows what a variable stands for, and not where a policy may have one.

use std::collections::BTreeSet;

use super::super::pattern::{PatternPart, parts};
use super::key_value::KeyValue;
use super::request::AccessRequest;

/// The version of the policy language from which on there are variables.
const WITH_VARIABLES: &str = "2012-10-17";

/// What a text of a policy stands for in a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expanded {
    Pattern(Vec<PatternPart>),
    /// A variable has no value and no default: it equals nothing and is like nothing.
    Nothing,
    /// It depends on these variables, or on a variable that is not written as IAM documents it.
    Open(BTreeSet<String>),
}

/// Returns whether a document of this version has variables. Without a version they are plain text.
pub(super) fn has_variables(version: Option<&str>) -> bool {
    version == Some(WITH_VARIABLES)
}

/// Replaces the variables of a text. What a variable stands for has no wildcards: its `*` is a character.
pub(super) fn expand(text: &str, with_variables: bool, request: &AccessRequest) -> Expanded {
    let (mut pattern, mut open, mut nothing) = (Vec::new(), BTreeSet::new(), false);
    let mut rest = text;
    while let Some(at) = rest.find("${").filter(|_| with_variables) {
        pattern.extend(parts(&rest[..at]));
        let Some((name, after)) = rest[at + 2..].split_once('}') else {
            open.insert("a policy variable without an end".to_owned());
            break;
        };
        rest = after;
        match value(name, request) {
            VariableValue::Text(text) => pattern.extend(text.chars().map(PatternPart::Itself)),
            VariableValue::Nothing => nothing = true,
            VariableValue::Open(question) => {
                open.insert(question);
            }
        }
    }
    pattern.extend(parts(rest));
    match (nothing, open.is_empty()) {
        (true, _) => Expanded::Nothing,
        (false, true) => Expanded::Pattern(pattern),
        (false, false) => Expanded::Open(open),
    }
}

/// The value of one variable.
enum VariableValue {
    Text(String),
    Nothing,
    Open(String),
}

fn value(name: &str, request: &AccessRequest) -> VariableValue {
    if ["*", "?", "$"].contains(&name) {
        return VariableValue::Text(name.to_owned());
    }
    let (key, default) = match name.split_once(',') {
        None => (name.trim(), None),
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|default| default.strip_suffix('\''));
            let Some(default) = quoted else {
                return VariableValue::Open("a policy variable with an odd default".to_owned());
            };
            (key.trim(), Some(default))
        }
    };
    match request.key(key) {
        KeyValue::Values(values) => match values.as_slice() {
            [] => default.map_or(VariableValue::Nothing, |default| VariableValue::Text(default.to_owned())),
            [one] => VariableValue::Text(one.clone()),
            // A key of several values is no variable.
            _ => VariableValue::Open(key.to_owned()),
        },
        KeyValue::Absent => default.map_or(VariableValue::Nothing, |default| VariableValue::Text(default.to_owned())),
        KeyValue::Present | KeyValue::Unknown => VariableValue::Open(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Caller, RequestContext};
    use super::*;
    use crate::onboarding::iam_policy::pattern::matches_parts;

    fn request() -> AccessRequest {
        let context = RequestContext::others_absent()
            .with_value("aws:UserName", "a*b")
            .with_values("aws:TagKeys", &["x", "y"])
            .with("aws:userid", KeyValue::Unknown);
        AccessRequest::new(Caller::Anonymous, "s3:GetObject", "*", context)
    }

    fn is_matched(text: &str, value: &str) -> Option<bool> {
        match expand(text, true, &request()) {
            Expanded::Pattern(pattern) => Some(matches_parts(&pattern, value)),
            Expanded::Nothing => Some(false),
            Expanded::Open(_) => None,
        }
    }

    #[test]
    fn variables_stand_for_their_text() {
        for (text, value, matched) in [
            ("home/${aws:username}/*", "home/a*b/x", Some(true)),
            ("home/${aws:username}/*", "home/aXb/x", Some(false)),
            ("${AWS:USERNAME}", "a*b", Some(true)),
            ("${aws:PrincipalTag/team, 'company-wide'}", "company-wide", Some(true)),
            ("${aws:PrincipalTag/team, ''}x", "x", Some(true)),
            ("${aws:PrincipalTag/team, 'a*'}", "ab", Some(false)),
            ("${aws:PrincipalTag/team}", "", Some(false)),
            ("${aws:PrincipalTag/team}${aws:userid}", "", Some(false)),
            ("${*}", "x", Some(false)),
            ("${*}${?}${$}", "*?$", Some(true)),
            ("${$}{aws:username}", "${aws:username}", Some(true)),
            ("$x${aws:username}", "$xa*b", Some(true)),
            ("${aws:userid}", "x", None),
            ("${aws:userid, 'x'}", "x", None),
            ("${aws:TagKeys}", "x", None),
            ("${aws:username", "x", None),
            ("${aws:username, x}", "x", None),
            ("${}", "", Some(false)),
        ] {
            assert_eq!(is_matched(text, value), matched, "{text} {value}");
        }
        assert!(matches!(expand("${aws:userid}x", false, &request()), Expanded::Pattern(parts) if parts.len() == 14));
        assert!(has_variables(Some("2012-10-17")) && !has_variables(Some("2008-10-17")) && !has_variables(None));
    }
}
