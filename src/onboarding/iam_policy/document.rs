//! The parts of a policy document, and simple questions about them.
//!
//! **Invariant:** knows nothing of JSON, and evaluates nothing: a question looks at one statement alone.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::pattern::{is_pattern, matches, matches_ignoring_case};

/// The condition key of the external ID.
pub(crate) const EXTERNAL_ID: &str = "sts:ExternalId";

/// Operators that hold only if the key is there and has one of the values.
const POSITIVE: [&str; 5] = ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"];

/// A policy document: an identity policy, or the trust policy of a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PolicyDocument {
    /// The version of the policy language, `2012-10-17`.
    pub version: Option<String>,
    /// The document's own name.
    pub id: Option<String>,
    pub statements: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Effect {
    #[default]
    Allow,
    Deny,
}

/// An element that comes in two forms, such as `Action` and `NotAction`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element<T> {
    /// `Action`: what is listed.
    Is(T),
    /// `NotAction`: all but what is listed.
    IsNot(T),
}

/// The value of `Principal`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Principals {
    /// `"*"`, which means the same as `{"AWS": "*"}`.
    Everyone,
    /// ARNs, account ids, unique ids and names of services, by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`.
    Named(BTreeMap<String, Vec<String>>),
}

/// One statement. Elements that it does not have are none: a trust policy has no resources, other policies no principals.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub principals: Option<Element<Principals>>,
    /// Patterns of actions, such as `ec2:Describe*`.
    pub actions: Option<Element<Vec<String>>>,
    /// Patterns of ARNs; `*` is every resource.
    pub resources: Option<Element<Vec<String>>>,
    /// The conditions, sorted by operator and key. All of them must hold.
    pub conditions: Vec<Condition>,
}

/// One key of a condition.
#[derive(Clone)]
pub(crate) struct Condition {
    /// The operator with its prefix and suffix: `StringEquals`, `ForAnyValue:StringLike`, `ArnLikeIfExists`.
    pub operator: String,
    /// The key as it is written; IAM ignores its case.
    pub key: String,
    /// What the key is compared with. Secret, since a value may be an external ID.
    pub values: Vec<SecretString>,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} ({} values)", self.operator, self.key, self.values.len())
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        let texts = |condition: &Self| condition.texts().map(str::to_owned).collect::<Vec<_>>();
        (&self.operator, &self.key) == (&other.operator, &other.key) && texts(self) == texts(other)
    }
}

impl Condition {
    pub(crate) fn new(operator: &str, key: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values = values.into_iter().map(|value| SecretString::from(value.into())).collect();
        Self { operator: operator.into(), key: key.into(), values }
    }

    /// The values, in the clear.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(ExposeSecret::expose_secret)
    }

    fn is_of(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// Returns whether it holds for listed values only, without wildcards.
    fn lists_values(&self) -> bool {
        POSITIVE.contains(&self.operator.as_str()) && !self.values.is_empty() && !self.texts().any(is_pattern)
    }
}

impl PolicyDocument {
    /// A document of these statements, in the current version of the language.
    pub(crate) fn of(statements: Vec<Statement>) -> Self {
        Self { version: Some("2012-10-17".into()), id: None, statements }
    }

    /// The statements that allow.
    pub(crate) fn allowing(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.allows())
    }
}

impl Element<Vec<String>> {
    /// Returns whether a text is among what the patterns say, by the patterns' comparison.
    pub(super) fn includes(&self, text: &str, matches: fn(&str, &str) -> bool) -> bool {
        let listed = |patterns: &Vec<String>| patterns.iter().any(|pattern| matches(pattern, text));
        match self {
            Self::Is(patterns) => listed(patterns),
            Self::IsNot(patterns) => !listed(patterns),
        }
    }

    /// The patterns; `*` stands for all but some.
    fn patterns(&self) -> Vec<&str> {
        match self {
            Self::Is(patterns) => patterns.iter().map(String::as_str).collect(),
            Self::IsNot(_) => vec!["*"],
        }
    }
}

impl Statement {
    pub(crate) fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// Returns whether the statement is about this action.
    pub(crate) fn covers(&self, action: &str) -> bool {
        self.actions.as_ref().is_some_and(|actions| actions.includes(action, matches_ignoring_case))
    }

    /// Returns whether the statement is about this resource.
    pub(crate) fn covers_resource(&self, resource: &str) -> bool {
        self.resources.as_ref().is_some_and(|resources| resources.includes(resource, matches))
    }

    /// The patterns of its actions; `*` stands for all but some.
    pub(crate) fn action_patterns(&self) -> Vec<&str> {
        self.actions.as_ref().map(Element::patterns).unwrap_or_default()
    }

    /// The patterns of its resources; `*` stands for all but some.
    pub(crate) fn resource_patterns(&self) -> Vec<&str> {
        self.resources.as_ref().map(Element::patterns).unwrap_or_default()
    }

    fn listing<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Condition> {
        self.conditions.iter().filter(move |condition| condition.is_of(key) && condition.lists_values())
    }

    /// The values of which a key must have one, if the statement lists them in full.
    pub(crate) fn listed_values(&self, key: &str) -> Vec<String> {
        self.listing(key).flat_map(Condition::texts).map(str::to_owned).collect()
    }

    /// The external IDs of which the statement wants one.
    pub(crate) fn external_ids(&self) -> Vec<SecretString> {
        self.listing(EXTERNAL_ID).flat_map(|condition| condition.values.clone()).collect()
    }

    /// Returns whether any condition looks at a key, with whatever operator.
    pub(crate) fn looks_at(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.is_of(key))
    }
}

#[cfg(test)]
impl Statement {
    /// Its principals of every kind; `*` stands for everyone, and for everyone but some.
    pub(crate) fn principal_names(&self) -> Vec<&str> {
        match &self.principals {
            None => Vec::new(),
            Some(Element::Is(Principals::Named(kinds))) => kinds.values().flatten().map(String::as_str).collect(),
            Some(Element::Is(Principals::Everyone) | Element::IsNot(_)) => vec!["*"],
        }
    }
}
