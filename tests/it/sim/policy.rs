//! Evaluates the actions of session policies. `Resource` and `Condition` are ignored.

use serde_json::Value;

/// A session policy's statements.
pub(super) struct SessionPolicy {
    statements: Vec<Statement>,
}

struct Statement {
    allows: bool,
    /// True if the patterns are those of `NotAction`.
    not: bool,
    actions: Vec<String>,
}

impl SessionPolicy {
    /// Parses a policy document. Returns `None` if it is malformed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(text).ok()?;
        let version = document.get("Version").is_none_or(|v| v == "2012-10-17" || v == "2008-10-17");
        let statements = match document.get("Statement")? {
            Value::Array(all) if !all.is_empty() => all.iter().map(statement).collect::<Option<Vec<_>>>()?,
            one @ Value::Object(_) => vec![statement(one)?],
            _ => return None,
        };
        version.then_some(Self { statements })
    }

    /// Returns whether an action is allowed and not denied.
    pub(super) fn allows(&self, action: &str) -> bool {
        let fits = |s: &&Statement| s.actions.iter().any(|pattern| matches(pattern, action)) != s.not;
        let mut fitting = self.statements.iter().filter(fits).peekable();
        fitting.peek().is_some() && fitting.all(|statement| statement.allows)
    }
}

fn statement(value: &Value) -> Option<Statement> {
    let allows = match value.get("Effect")?.as_str()? {
        "Allow" => true,
        "Deny" => false,
        _ => return None,
    };
    let (not, actions) = match (value.get("Action"), value.get("NotAction")) {
        (Some(actions), None) => (false, actions),
        (None, Some(actions)) => (true, actions),
        _ => return None,
    };
    value.get("Resource").or_else(|| value.get("NotResource"))?;
    if value.get("Principal").is_some() {
        return None;
    }
    let text = |v: &Value| v.as_str().filter(|a| *a == "*" || a.contains(':')).map(str::to_owned);
    let actions = match actions {
        Value::Array(all) => all.iter().map(text).collect::<Option<Vec<_>>>()?,
        one => vec![text(one)?],
    };
    Some(Statement { allows, not, actions })
}

/// Returns whether an action matches a pattern with `*` and `?`, ignoring case.
pub(super) fn matches(pattern: &str, action: &str) -> bool {
    let pattern: Vec<u8> = pattern.bytes().map(|b| b.to_ascii_lowercase()).collect();
    let action: Vec<u8> = action.bytes().map(|b| b.to_ascii_lowercase()).collect();
    let (mut p, mut a) = (0, 0);
    let mut star = None;
    while a < action.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, a));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == action[a] => {
                p += 1;
                a += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    a = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}
