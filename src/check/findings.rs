//! What a check found, in sentences: what is wrong, what to change, and the statement to paste.

use serde::Serialize;

use super::actions::{Outcome, TypeRow};
use super::own::RoleText;
use crate::failure::{Cause, Kind};
use crate::grants::{EXTERNAL_ID, Statement};
use crate::policies;
use crate::registry::{RoleArn, Target};

/// How bad it is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works today, and may break or grant too much.
    Warning,
    /// Something that is planned will not be answered.
    Gap,
    /// The role does not let us in.
    Shut,
    /// The role lets in who should not get in, or is not the one that is meant.
    Unsafe,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What is so.
    pub what: String,
    /// What to do about it; empty where there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to_do: String,
    /// What to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paste: Option<Paste>,
}

/// What is pasted into a policy, or in a policy's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Paste {
    /// A whole policy.
    Policy(policies::Policy),
    /// One statement more.
    Statement(policies::Statement),
}

impl Finding {
    fn new(severity: Severity, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { severity, what: what.into(), to_do: to_do.into(), paste: None }
    }

    fn pasting(mut self, policy: policies::Policy) -> Self {
        self.paste = Some(Paste::Policy(policy));
        self
    }

    fn adding(mut self, statement: policies::Statement) -> Self {
        self.paste = Some(Paste::Statement(statement));
        self
    }

    /// The role did not let us in.
    pub fn shut(target: &Target, backend_role: &RoleArn, cause: &Cause, role: &str) -> Self {
        let by_what = target.via.as_ref().map(|via| format!(" (through {via})")).unwrap_or_default();
        match cause.kind {
            Kind::WrongAccount => Self::new(
                Severity::Unsafe,
                format!("{role} answers for another account: {}", cause.message),
                "correct the registry's role_arn; find out whose role it is",
            ),
            Kind::Denied | Kind::ScpDenied => Self::new(
                Severity::Shut,
                format!("{role} does not let backend_role in{by_what}: {cause}"),
                format!(
                    "AWS answers the same where there is no such role, where its trust names somebody else, where its \
                     external ID is another, and where {backend_role} lacks sts:AssumeRole on it. In the customer's \
                     account, `aws iam get-role --role-name {}` shows whether it is there; this is the trust it needs",
                    role.rsplit('/').next().unwrap_or_default()
                ),
            )
            .pasting(policies::trust(backend_role, target.external_id.is_some())),
            _ => Self::new(
                Severity::Shut,
                format!("{role} could not be entered{by_what}: {cause}"),
                "look at the message; AWS's request id helps its support",
            ),
        }
    }

    /// Somebody got in who should not have.
    pub fn lets_in(who: &str, backend_role: &RoleArn, with_external_id: bool) -> Self {
        Self::new(
            Severity::Unsafe,
            format!("the role lets us in {who}"),
            "whoever knows the role's ARN could get at this account's inventory through a backend like ours: the customer \
             must replace the role's trust policy",
        )
        .pasting(policies::trust(backend_role, with_external_id))
    }

    /// An attempt that should be refused ended in something else.
    pub fn not_known_whether(what: &str, cause: &Cause) -> Self {
        Self::new(Severity::Gap, format!("it is not known whether the role refuses us {what}: {cause}"), "check again")
    }

    /// What should be refused was not tried at all.
    pub fn not_tried() -> Self {
        Self::new(
            Severity::Warning,
            "it was not tried whether the role refuses whom it should refuse (--no-negative)",
            "check it without --no-negative once",
        )
    }

    /// A refusal that says nothing of the customer's role.
    pub fn refused_on_our_side() -> Self {
        Self::new(
            Severity::Warning,
            "backend_role's own policies ask for the external ID too, so that it was refused by them: whether the customer's \
             role would refuse is not known",
            "the customer's trust policy must ask for it; where the role may read itself, the check looks at that",
        )
    }

    /// An attempt as somebody else of the backend's account, and what came of it.
    pub fn outsider(arn: &str, cause: &Cause) -> Self {
        let what = match cause.kind {
            Kind::Denied => format!("{arn} is not let in, by the role or for want of sts:AssumeRole on it"),
            _ => format!("whether {arn} is let in is not known: {}", cause.code.as_deref().unwrap_or(&cause.message)),
        };
        Self::new(Severity::Note, what, "")
    }

    /// The registry says that no external ID is asked for.
    pub fn no_external_id() -> Self {
        Self::new(
            Severity::Note,
            "the registry says in so many words that this role asks for no external ID",
            "right for accounts of your own organization alone",
        )
    }

    /// The account is entered through another role.
    pub fn chained(via: &str) -> Self {
        Self::new(
            Severity::Note,
            format!(
                "it is entered through {via}: sessions of chained roles last one hour at most, whatever the role says"
            ),
            "",
        )
    }

    /// Nobody tried whether others of the backend's account get in.
    pub fn outsiders_not_tried(behind: bool) -> Self {
        let (why, to_do) = if behind {
            ("the way leads through another role", "")
        } else {
            ("this runs as backend_role itself", "run it from an identity of your own with --backend-role")
        };
        let what = format!("whether the role lets in others of the backend's account was not tried, since {why}");
        Self::new(Severity::Note, what, to_do)
    }

    /// What the matrix says.
    pub fn of_reads(types: &[TypeRow], role: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let with = |outcome| types.iter().filter(move |row| row.regions.contains_key(&outcome));
        let denied: std::collections::BTreeSet<_> = with(Outcome::Denied).flat_map(|row| &row.denied_actions).collect();
        if !denied.is_empty() {
            found.push(
                Self::new(
                    Severity::Gap,
                    format!("the role denies {} of the planned reads", denied.len()),
                    "the customer updates the role's stack, or adds this statement to the role's policy; or leave those \
                     resource types out (--resources)",
                )
                .adding(policies::reads("RolecallReads", denied.into_iter().copied())),
            );
        }
        let by_scp = with(Outcome::ScpDenied).count();
        if by_scp > 0 {
            // Forbidden in some regions is how many organizations live; forbidden everywhere is a gap.
            let everywhere = with(Outcome::ScpDenied).any(|row| !row.regions.contains_key(&Outcome::Allowed));
            let what =
                format!("a service control policy of the customer's organization forbids reads of {by_scp} types");
            let to_do = format!(
                "only that organization can allow it, by a condition in the policy that denies: ArnNotLike aws:PrincipalArn \
                 {role}. Their cells will say scp_denied"
            );
            found.push(Self::new(if everywhere { Severity::Gap } else { Severity::Warning }, what, to_do));
        }
        let mut disabled: Vec<&String> = with(Outcome::RegionDisabled)
            .filter_map(|row| row.regions.get(&Outcome::RegionDisabled))
            .flatten()
            .collect();
        disabled.sort();
        disabled.dedup();
        if !disabled.is_empty() {
            let names = disabled.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            let to_do =
                "take them out of the registry's regions, or have them enabled; their cells will say region_disabled";
            found.push(Self::new(Severity::Warning, format!("not enabled in this account: {names}"), to_do));
        }
        let unknown = with(Outcome::Unknown).count();
        if unknown > 0 {
            let what = format!("of {unknown} types it could not be found out whether they may be read everywhere");
            found.push(Self::new(Severity::Gap, what, "--json says what was answered; check again"));
        }
        found
    }

    /// What the role says of itself, where it may.
    pub fn of_role(
        role: &Result<RoleText, Cause>,
        needed: &[&'static str],
        backend_role: &RoleArn,
        target: &Target,
    ) -> Vec<Self> {
        let role = match role {
            Ok(role) => role,
            Err(cause) if matches!(cause.kind, Kind::Denied | Kind::ScpDenied) => {
                return vec![Self::new(
                    Severity::Note,
                    "the role may not read its own policies, and our template's may not: what else it grants is not known. \
                     Each session is narrowed to the planned reads all the same",
                    "",
                )];
            }
            Err(cause) => {
                // Without the request id, so that the same of many accounts is told once.
                let why = cause.code.as_deref().unwrap_or(&cause.message);
                let what = format!("the role's own policies could not be read: {why}");
                return vec![Self::new(Severity::Note, what, "")];
            }
        };
        let mut found = of_trust(role, backend_role, target.external_id.is_some());
        if let Some(seconds) = role.max_session_seconds {
            let what = format!(
                "the role allows sessions of {}; ours last an hour, which is all that a role entered from another role has",
                in_words(seconds)
            );
            let to_do = if seconds > 3600 { "an hour is enough: MaxSessionDuration 3600" } else { "" };
            found.push(Self::new(Severity::Note, what, to_do));
        }
        found.extend(of_grants(role, needed));
        found
    }
}

fn in_words(seconds: i32) -> String {
    match (seconds / 3600, seconds % 3600 / 60) {
        (1, 0) => "1 hour".into(),
        (hours, 0) => format!("{hours} hours"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Narrow to some callers of the principal.
const NARROWING: &[&str] = &["aws:principalarn", "aws:userid"];
const ACCOUNTS: &[&str] = &["aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"];

fn of_trust(role: &RoleText, backend_role: &RoleArn, with_external_id: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let enters = |statement: &&Statement| statement.covers("sts:AssumeRole");
    for statement in role.trust.iter().flat_map(|trust| trust.allowing()).filter(enters) {
        let narrowed = statement.is_narrowed_by(NARROWING);
        let mut tell = |severity, what: String, to_do: &str| {
            let finding = Finding::new(severity, what, to_do);
            found.push(finding.pasting(policies::trust(backend_role, with_external_id)));
        };
        let own_root = [
            backend_role.account_id.to_string(),
            format!("arn:{}:iam::{}:root", backend_role.partition, backend_role.account_id),
        ];
        for principal in &statement.principals {
            if principal == "*" && !narrowed && !statement.is_narrowed_by(ACCOUNTS) {
                let what =
                    "its trust policy lets in everybody in the world who knows the external ID: Principal is \"*\"";
                tell(Severity::Unsafe, what.into(), "replace the trust policy");
            } else if principal == "*" {
                let what = "its trust policy has the Principal \"*\", which conditions alone narrow";
                tell(Severity::Warning, what.into(), "name the backend's account as the principal");
            } else if own_root.contains(principal) && !narrowed {
                let what = "its trust policy lets in everybody in the backend's account who may assume roles";
                tell(Severity::Warning, what.into(), "narrow it to backend_role by aws:PrincipalArn");
            } else if *principal == backend_role.to_string() {
                let what = "its trust policy names backend_role itself as the principal: IAM stores that by an internal id, \
                            and the trust breaks on the day that backend_role is made anew";
                tell(Severity::Warning, what.into(), "name the account, and the role in a condition");
            } else if principal.starts_with("AROA") || principal.starts_with("AIDA") {
                let what = format!("its trust policy names {principal}, a role or user that is there no more");
                tell(Severity::Warning, what, "take it out");
            } else if !own_root.contains(principal) {
                let what = format!("its trust policy lets in {principal} too, which is not this backend");
                tell(Severity::Warning, what, "take it out, unless the customer wants it so");
            }
        }
        // What the customer's own roles and services come with is the customer's matter.
        let is_ours = |principal: &String| {
            principal == "*" || own_root.contains(principal) || *principal == backend_role.to_string()
        };
        let ours = statement.principals.iter().any(is_ours);
        if ours && with_external_id && !statement.is_narrowed_by(&[EXTERNAL_ID]) {
            let what = format!("its trust policy asks {} for no external ID", statement.principals.join(", "));
            tell(Severity::Unsafe, what, "ask for the external ID in every statement");
        }
    }
    found
}

/// Whether a pattern stands for reads alone, by its verb.
fn reads(pattern: &str) -> bool {
    let verb = pattern.split_once(':').map_or("", |(_, name)| name);
    ["Describe", "Get", "List", "Search", "View", "Lookup", "BatchGet"].iter().any(|read| verb.starts_with(read))
}

/// More than is needed: patterns that are none of the needed actions.
fn of_grants(role: &RoleText, needed: &[&'static str]) -> Vec<Finding> {
    let mut more: Vec<String> = Vec::new();
    let mut unread = Vec::new();
    for (name, document) in &role.policies {
        let Some(document) = document else {
            unread.push(name.as_str());
            continue;
        };
        let beyond: Vec<&str> = document
            .allowing()
            .flat_map(|statement| &statement.actions)
            .filter(|pattern| !needed.iter().any(|action| action.eq_ignore_ascii_case(pattern)))
            .map(String::as_str)
            .collect();
        if !beyond.is_empty() {
            let shown = beyond.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let rest = beyond.len().saturating_sub(5);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            more.push(format!("{name}: {shown}{rest}"));
        }
    }
    let mut found = Vec::new();
    if !more.is_empty() {
        let everything = role.policies.iter().filter_map(|(_, document)| document.as_ref());
        let writes = everything
            .flat_map(|document| document.allowing())
            .flat_map(|statement| &statement.actions)
            .any(|pattern| !reads(pattern));
        let boundary = if role.has_boundary {
            " (perhaps narrowed by its permissions boundary, which is not looked at)"
        } else {
            ""
        };
        let what = format!(
            "it grants more than the planned reads{boundary}: {}{}",
            more.join("; "),
            if writes { ". Writes are among it" } else { "" }
        );
        let severity = if writes { Severity::Unsafe } else { Severity::Warning };
        found.push(Finding::new(
            severity,
            what,
            "detach what is not needed. Each of our sessions is narrowed to the planned reads all the same",
        ));
    }
    if role.has_more {
        unread.push("those that may not even be listed");
    }
    if !unread.is_empty() {
        let what = format!("these of its policies could not be read: {}", unread.join(", "));
        found.push(Finding::new(Severity::Note, what, ""));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::Document;
    use crate::registry::Registry;

    fn told(trust: &str, policies: &[(&str, Option<&str>)], external_id: &str) -> String {
        let registry =
            format!(r#"{{"version":1,"targets":[{{"account_id":"111122223333","external_id":{external_id}}}]}}"#);
        let registry = Registry::read(registry.as_bytes(), "aws").unwrap();
        let role = RoleText {
            trust: Document::read(&format!(r#"{{"Statement":[{trust}]}}"#)),
            max_session_seconds: None,
            has_more: false,
            policies: policies
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.map(|text| Document::read(text).unwrap())))
                .collect(),
            has_boundary: false,
        };
        let backend = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let found = Finding::of_role(&Ok(role), &["ec2:DescribeVpcs"], &backend, &registry.targets[0]);
        found.iter().map(|one| format!("{:?}: {}\n", one.severity, one.what)).collect()
    }

    fn statement(principal: &str, conditions: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal},"Condition":{{{conditions}}}}}"#
        )
    }

    #[test]
    fn a_trust_policy_is_judged_by_whom_it_lets_in() {
        let id = r#""StringEquals":{"sts:ExternalId":"x"}"#;
        let by_role = format!(r#"{id},"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::999999999999:role/x"}}"#);
        let root = r#"{"AWS":"arn:aws:iam::999999999999:root"}"#;
        let mut all = String::new();
        for (name, trust, external_id) in [
            ("as our template has it", statement(root, &by_role), "\"abcd\""),
            ("everybody in the backend's account", statement(root, id), "\"abcd\""),
            ("everybody", statement(r#""*""#, id), "\"abcd\""),
            ("everybody, narrowed", statement(r#"{"AWS":"*"}"#, &by_role), "\"abcd\""),
            (
                "the role itself",
                statement(r#"{"AWS":"arn:aws:iam::999999999999:role/rolecall-backend"}"#, id),
                "\"abcd\"",
            ),
            ("a role that is gone", statement(r#"{"AWS":"AROAEXAMPLE"}"#, id), "\"abcd\""),
            ("another account", statement(r#"{"AWS":"123456789012"}"#, id), "\"abcd\""),
            ("no external ID", statement(root, r#""ArnLike":{"aws:PrincipalArn":"x"}"#), "\"abcd\""),
            ("any external ID", statement(root, r#""StringLike":{"sts:ExternalId":"*"}"#), "\"abcd\""),
            (
                "narrowed to everybody",
                statement(r#""*""#, r#""StringEquals":{"sts:ExternalId":"x"},"ArnLike":{"aws:PrincipalArn":"*"}"#),
                "\"abcd\"",
            ),
            ("the customer's own service", statement(r#"{"Service":"ec2.amazonaws.com"}"#, ""), "\"abcd\""),
            ("no external ID, and none wanted", statement(root, r#""ArnLike":{"aws:PrincipalArn":"x"}"#), "null"),
        ] {
            all.push_str(&format!("# {name}\n{}", told(&trust, &[], external_id)));
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn what_is_granted_beyond_the_reads_is_told() {
        let allow =
            |actions: &str| format!(r#"{{"Statement":{{"Effect":"Allow","Action":{actions},"Resource":"*"}}}}"#);
        let needed = allow(r#""EC2:DescribeVPCs""#);
        assert_eq!(told("", &[("ours", Some(&needed))], "null"), "");
        let reads = allow(r#"["ec2:Describe*","s3:ListBucket"]"#);
        let writes = allow(r#""ec2:*""#);
        insta::assert_snapshot!(told("", &[("ours", Some(&needed)), ("more", Some(&reads)), ("hidden", None)], "null"), @r"
        Warning: it grants more than the planned reads: more: ec2:Describe*, s3:ListBucket
        Note: these of its policies could not be read: hidden
        ");
        insta::assert_snapshot!(told("", &[("all", Some(&writes))], "null"), @"Unsafe: it grants more than the planned reads: all: ec2:*. Writes are among it");
    }
}
