//! IAM policy documents, as far as they have to be understood: what a statement allows and denies, and whom a trust
//! policy lets in; and a role's documents, read. It knows nothing of what follows from them.

use aws_config::SdkConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::aws::AwsError;

/// A policy document.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyText {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statement {
    /// What it is called.
    pub sid: Option<String>,
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// Patterns of actions; `*` where it allows all but some, and none where it denies all but some.
    pub actions: Vec<String>,
    /// Patterns of resources, likewise; none in a trust policy.
    pub resources: Vec<String>,
    /// Who it is about, in a trust policy: ARNs, account ids, unique ids, `*`.
    pub principals: Vec<String>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// One key of a condition.
#[derive(Clone)]
pub(crate) struct Condition {
    /// `StringEquals`.
    pub operator: String,
    /// The key, in lower case.
    pub key: String,
    /// What it is compared with; one of them may be an external ID.
    values: Vec<SecretString>,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} ({} values)", self.operator, self.key, self.values.len())
    }
}

/// The key of the external ID.
pub(crate) const EXTERNAL_ID: &str = "sts:externalid";

/// Operators that hold only where the key is there and has one of the values.
const POSITIVE: [&str; 5] = ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"];

impl Condition {
    /// Whether it holds for values that are named in full alone.
    fn names(&self) -> bool {
        let in_full = |value: &SecretString| !value.expose_secret().contains(['*', '?']);
        POSITIVE.contains(&self.operator.as_str()) && !self.values.is_empty() && self.values.iter().all(in_full)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    sid: Option<String>,
    effect: String,
    #[serde(default)]
    action: Value,
    not_action: Option<Value>,
    #[serde(default)]
    resource: Value,
    not_resource: Option<Value>,
    #[serde(default)]
    principal: Value,
    not_principal: Option<Value>,
    #[serde(default)]
    condition: Value,
}

impl PolicyText {
    /// Reads a document. IAM hands most of its own out URL-encoded.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        // A document that was not encoded may hold a percent sign of its own.
        let value: Value = serde_json::from_str(text).or_else(|_| serde_json::from_str(&decoded)).ok()?;
        let statements = match value.get("Statement")? {
            Value::Array(statements) => statements.clone(),
            one => vec![one.clone()],
        };
        let statements = statements.into_iter().map(|statement| {
            let raw: Raw = serde_json::from_value(statement).ok()?;
            let allows = raw.effect == "Allow";
            // Who allows all but something allows too much; who denies all but something denies perhaps nothing of this.
            let every = || if allows { vec!["*".to_owned()] } else { Vec::new() };
            Some(Statement {
                sid: raw.sid,
                allows,
                actions: if raw.not_action.is_some() { every() } else { texts(&raw.action) },
                resources: if raw.not_resource.is_some() { every() } else { texts(&raw.resource) },
                principals: if raw.not_principal.is_some() { every() } else { principals(&raw.principal) },
                conditions: conditions(&raw.condition),
            })
        });
        Some(Self { statements: statements.collect::<Option<_>>()? })
    }

    /// The statements that allow.
    pub(crate) fn allowing(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.allows)
    }
}

impl Statement {
    /// Whether it is about this action.
    pub(crate) fn covers(&self, action: &str) -> bool {
        self.actions.iter().any(|pattern| matches(pattern, action))
    }

    /// Whether it holds only where one of these keys (in lower case) has a value that the statement names in full.
    pub(crate) fn is_narrowed_by(&self, keys: &[&str]) -> bool {
        self.conditions.iter().any(|condition| keys.contains(&condition.key.as_str()) && condition.names())
    }

    /// The values that a key (in lower case) must have one of, where the statement names them in full.
    pub(crate) fn named(&self, key: &str) -> Vec<String> {
        let named = self.conditions.iter().filter(|condition| condition.key == key && condition.names());
        named.flat_map(|condition| &condition.values).map(|value| value.expose_secret().to_owned()).collect()
    }

    /// Whether any condition looks at that key, in whatever way.
    pub(crate) fn looks_at(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.key == key)
    }

    /// The external IDs that it asks for word for word.
    pub(crate) fn external_ids(&self) -> Vec<SecretString> {
        let asked = self.conditions.iter().filter(|condition| condition.key == EXTERNAL_ID && condition.names());
        asked.flat_map(|condition| condition.values.clone()).collect()
    }
}

/// Whether an action, or a resource, is one of those that an IAM pattern stands for. Actions know no upper case.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    wildcard(pattern.as_bytes(), text.as_bytes())
}

/// `*` stands for any number of characters and `?` for one; the last `*` is gone back to where what follows does not fit.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Services and federations are no principals that matter here, but that they are there does: by their names.
fn principals(value: &Value) -> Vec<String> {
    match value {
        Value::Object(kinds) => kinds.values().flat_map(texts).collect(),
        other => texts(other),
    }
}

fn conditions(condition: &Value) -> Vec<Condition> {
    let operators = condition.as_object().into_iter().flatten();
    let keys = operators.flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, values)| Condition {
            operator: operator.clone(),
            key: key.to_ascii_lowercase(),
            values: texts(values).into_iter().map(SecretString::from).collect(),
        })
    });
    keys.collect()
}

/// A role's inline and attached policies, by name, read with these credentials. None instead of a document that is none.
pub(crate) async fn policies_of(
    config: &SdkConfig,
    role_name: &str,
) -> Result<Vec<(String, Option<PolicyText>)>, AwsError> {
    let iam = aws_sdk_iam::Client::new(config);
    let mut found = Vec::new();
    let mut names = iam.list_role_policies().role_name(role_name).into_paginator().items().send();
    while let Some(name) = names.next().await {
        let name = name.map_err(AwsError::of)?;
        let answer =
            iam.get_role_policy().role_name(role_name).policy_name(&name).send().await.map_err(AwsError::of)?;
        found.push((name, PolicyText::read(answer.policy_document())));
    }
    let mut attached = iam.list_attached_role_policies().role_name(role_name).into_paginator().items().send();
    while let Some(policy) = attached.next().await {
        let arn = policy.map_err(AwsError::of)?.policy_arn.unwrap_or_default();
        let policy = iam.get_policy().policy_arn(&arn).send().await.map_err(AwsError::of)?.policy;
        let version = policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
        let answer =
            iam.get_policy_version().policy_arn(&arn).version_id(version).send().await.map_err(AwsError::of)?;
        let text = answer.policy_version.and_then(|version| version.document).unwrap_or_default();
        found.push((arn, PolicyText::read(&text)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn documents_are_read_encoded_or_not_and_in_all_their_forms() {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
            "Principal":{"AWS":["arn:aws:iam::999999999999:root","AROAEXAMPLE"],"Service":"ec2.amazonaws.com"},
            "Condition":{"StringEquals":{"sts:ExternalId":"x%20y"},"ArnEquals":{"aws:PrincipalArn":"a"}}}}"#;
        let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let document = PolicyText::read(text).unwrap();
        assert_eq!(format!("{:?}", PolicyText::read(&encoded)), format!("{:?}", Some(document.clone())));
        let statement = &document.statements[0];
        assert_eq!(statement.principals, ["arn:aws:iam::999999999999:root", "AROAEXAMPLE", "ec2.amazonaws.com"]);
        assert_eq!(statement.external_ids().len(), 1);
        assert!(statement.looks_at(EXTERNAL_ID) && !statement.looks_at("aws:sourceaccount"));
        for (operator, value, narrows) in [
            ("ArnLike", "arn:aws:iam::1:role/x", true),
            ("ArnLike", "arn:aws:iam::1:role/*", false),
            ("ArnEqualsIfExists", "arn:aws:iam::1:role/x", false),
            ("ForAnyValue:StringEquals", "x", false),
            ("StringNotEquals", "x", false),
            ("StringEquals", "x", true),
        ] {
            let text = format!(
                r#"{{"Statement":{{"Effect":"Allow","Condition":{{"{operator}":{{"aws:PrincipalArn":"{value}"}}}}}}}}"#
            );
            let statement = &PolicyText::read(&text).unwrap().statements[0];
            assert_eq!(statement.is_narrowed_by(&["aws:principalarn"]), narrows, "{operator} {value}");
        }
        let open = r#"{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":["*"],"Principal":"*"}]}"#;
        let open = PolicyText::read(open).unwrap();
        assert!(open.statements[0].covers("ec2:RunInstances") && open.statements[0].principals == ["*"]);
        assert!(PolicyText::read("no document").is_none());
    }

    #[test]
    fn patterns_are_those_of_iam() {
        for (pattern, text, fits) in [
            ("ec2:Describe*", "ec2:DescribeVpcs", true),
            ("EC2:describevpcs", "ec2:DescribeVpcs", true),
            ("ec2:Describe?pcs", "ec2:DescribeVpcs", true),
            ("*", "", true),
            ("*:*Role", "sts:AssumeRole", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("ec2:Describe", "ec2:DescribeVpcs", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_a_text_matches_it(text in "[a-c]{0,8}", cuts in proptest::collection::vec(0_usize..8, 0..4)) {
            let mut pattern = text.clone();
            for cut in cuts {
                let at = cut.min(pattern.len());
                pattern.insert(at, '*');
            }
            prop_assert!(matches(&pattern, &text));
        }
    }
}
