//! IAM policy documents, as far as they have to be understood: what a statement allows and denies, and whom a trust
//! policy lets in. It knows nothing of how a document is come by, nor of what follows from it.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

/// A policy document.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// What it is called.
    pub sid: Option<String>,
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// Patterns of actions; `*` where the statement says which it is not about.
    pub actions: Vec<String>,
    /// Patterns of resources; `*` where it says which it is not about, and none in a trust policy.
    pub resources: Vec<String>,
    /// Who it is about, in a trust policy: ARNs, account ids, unique ids, `*`.
    pub principals: Vec<String>,
    /// The condition keys that it looks at, in lower case.
    pub conditions: Vec<String>,
    /// The external IDs that it asks for word for word.
    pub external_ids: Vec<SecretString>,
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

impl Document {
    /// Reads a document. IAM hands most of its own out URL-encoded.
    pub fn read(text: &str) -> Option<Self> {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        // A document that was not encoded may hold a percent sign of its own.
        let value: Value = serde_json::from_str(text).or_else(|_| serde_json::from_str(&decoded)).ok()?;
        let statements = match value.get("Statement")? {
            Value::Array(statements) => statements.clone(),
            one => vec![one.clone()],
        };
        let statements = statements.into_iter().map(|statement| {
            let raw: Raw = serde_json::from_value(statement).ok()?;
            let every = || vec!["*".to_owned()];
            Some(Statement {
                sid: raw.sid,
                allows: raw.effect == "Allow",
                actions: if raw.not_action.is_some() { every() } else { texts(&raw.action) },
                resources: if raw.not_resource.is_some() { every() } else { texts(&raw.resource) },
                principals: if raw.not_principal.is_some() { every() } else { principals(&raw.principal) },
                conditions: keys(&raw.condition),
                external_ids: external_ids(&raw.condition),
            })
        });
        Some(Self { statements: statements.collect::<Option<_>>()? })
    }

    /// The statements that allow.
    pub fn allowing(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.allows)
    }
}

impl Statement {
    /// Whether it is about this action.
    pub fn covers(&self, action: &str) -> bool {
        self.actions.iter().any(|pattern| matches(pattern, action))
    }

    /// Whether a condition looks at one of these keys (in lower case).
    pub fn looks_at(&self, keys: &[&str]) -> bool {
        self.conditions.iter().any(|condition| keys.contains(&condition.as_str()))
    }
}

/// Whether an action, or a resource, is one of those that an IAM pattern stands for. Actions know no upper case.
pub fn matches(pattern: &str, text: &str) -> bool {
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

fn keys(condition: &Value) -> Vec<String> {
    let operators = condition.as_object().into_iter().flat_map(|operators| operators.values());
    let keys = operators.filter_map(Value::as_object).flat_map(|keys| keys.keys());
    keys.map(|key| key.to_ascii_lowercase()).collect()
}

fn external_ids(condition: &Value) -> Vec<SecretString> {
    let equal = condition.get("StringEquals").and_then(Value::as_object).into_iter().flatten();
    let ids = equal.filter(|(key, _)| key.eq_ignore_ascii_case("sts:ExternalId")).flat_map(|(_, value)| texts(value));
    ids.map(SecretString::from).collect()
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
        let document = Document::read(text).unwrap();
        assert_eq!(format!("{:?}", Document::read(&encoded)), format!("{:?}", Some(document.clone())));
        let statement = &document.statements[0];
        assert_eq!(statement.principals, ["arn:aws:iam::999999999999:root", "AROAEXAMPLE", "ec2.amazonaws.com"]);
        assert_eq!(statement.external_ids.len(), 1);
        assert!(statement.looks_at(&["sts:externalid"]) && !statement.looks_at(&["aws:sourceaccount"]));
        let open = r#"{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":["*"],"Principal":"*"}]}"#;
        let open = Document::read(open).unwrap();
        assert!(open.statements[0].covers("ec2:RunInstances") && open.statements[0].principals == ["*"]);
        assert!(Document::read("no document").is_none());
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
