//! The kinds of impact, and which actions are of which kind.
//!
//! **Invariant:** knows single actions, and nothing of policies.

use std::sync::LazyLock;

use serde::Serialize;

use super::action_set::ActionSet;
use super::table::{AccessLevel, ActionTable};

const SENSITIVE: &str = include_str!("sensitive_actions.txt");

static CLASSES: LazyLock<Vec<(ImpactKind, ActionSet)>> = LazyLock::new(read);

/// What a permission does to the account's owner, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImpactKind {
    /// Gives more privileges than the policies name, or runs code as another identity.
    Escalation,
    /// Returns credentials, tokens or signed addresses.
    Credentials,
    /// Returns or decrypts secrets, or returns what is known to hold them.
    Secret,
    /// Returns whatever is stored in objects, files and disks.
    Data,
    /// Changes who may do what.
    Permissions,
    /// Changes something, tags included.
    Write,
    /// Is not in the table, and its verb is none of a read.
    UnknownWrite,
    /// Returns rows, messages, log lines, or settings in which secrets may stand.
    Sensitive,
    /// Is not in the table, and has the verb of a read.
    UnknownRead,
    /// Returns names and settings.
    Read,
}

impl ImpactKind {
    /// Returns whether a role with such a permission is unsafe for its owner.
    pub(crate) fn is_unsafe(self) -> bool {
        self <= Self::UnknownWrite
    }

    /// What the role may do, after "it may".
    pub(crate) fn verb_phrase(self) -> &'static str {
        match self {
            Self::Escalation => "gain more privileges than its policies name",
            Self::Credentials => "get credentials or tokens",
            Self::Secret => "read secrets, or what is known to hold them",
            Self::Data => "read stored data",
            Self::Permissions => "change permissions",
            Self::Write => "change things",
            Self::UnknownWrite => "do what is not known",
            Self::Sensitive => "read records, logs, or settings in which secrets may stand",
            Self::UnknownRead => "read what is not known",
            Self::Read => "read more names and settings than rolecall needs",
        }
    }

    fn of_level(level: AccessLevel) -> Self {
        match level {
            AccessLevel::List | AccessLevel::Read => Self::Read,
            AccessLevel::Write | AccessLevel::Tagging => Self::Write,
            AccessLevel::Permissions => Self::Permissions,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "escalation" => Self::Escalation,
            "credentials" => Self::Credentials,
            "secret" => Self::Secret,
            "data" => Self::Data,
            "effect" => Self::Write,
            "sensitive" => Self::Sensitive,
            "read" => Self::Read,
            _ => return None,
        })
    }

    /// The kind of an action, or of a pattern, that matches nothing in the table.
    pub(super) fn of_unknown(pattern: &str) -> Self {
        let name = pattern.split_once(':').map_or("", |(_, name)| name).to_ascii_lowercase();
        let reads = ["batchdescribe", "batchget", "batchlist", "describe", "get", "list"];
        // A wildcard within the verb may stand for another verb.
        if reads.iter().any(|verb| name.starts_with(verb)) { Self::UnknownRead } else { Self::UnknownWrite }
    }
}

/// The actions of every kind that the table knows, the worst kind first. Each action is in one set.
pub(super) fn classes() -> &'static [(ImpactKind, ActionSet)] {
    &CLASSES
}

fn read() -> Vec<(ImpactKind, ActionSet)> {
    let table = ActionTable::get();
    let mut classes = std::collections::BTreeMap::<ImpactKind, ActionSet>::new();
    let mut named = table.none();
    for (action, kind, _) in sensitive() {
        let (Some(place), Some(kind)) = (table.place(action), ImpactKind::named(kind)) else { continue };
        named.insert(place);
        classes.entry(kind).or_insert_with(|| table.none()).insert(place);
    }
    for level in
        [AccessLevel::List, AccessLevel::Read, AccessLevel::Write, AccessLevel::Permissions, AccessLevel::Tagging]
    {
        let mut rest = table.of_level(level);
        rest.remove(&named);
        classes.entry(ImpactKind::of_level(level)).or_insert_with(|| table.none()).add(&rest);
    }
    classes.into_iter().collect()
}

/// The lines of the list: action, kind, sources.
fn sensitive() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    SENSITIVE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split(' ');
        Some((parts.next()?, parts.next()?, parts.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(action: &str) -> Option<ImpactKind> {
        let place = ActionTable::get().place(action)?;
        classes().iter().find(|(_, set)| set.contains(place)).map(|(kind, _)| *kind)
    }

    #[test]
    fn the_list_of_sensitive_actions_has_the_form_that_is_read() {
        let lines: Vec<&str> = SENSITIVE.lines().filter(|line| !line.starts_with('#')).collect();
        let described = |name: &str| SENSITIVE.lines().any(|line| line.starts_with(&format!("#   {name} ")));
        assert!(lines.is_sorted() && lines.len() > 200 && sensitive().count() == lines.len());
        let table = ActionTable::get();
        let mut previous = "";
        for (line, (action, kind, sources)) in lines.iter().zip(sensitive()) {
            assert_eq!(format!("{action} {kind} {sources}"), **line);
            assert_ne!(action, previous);
            previous = action;
            let place = table.place(action).unwrap_or_else(|| panic!("{action} is not in the table"));
            assert_eq!(table.name(place), action);
            assert!(ImpactKind::named(kind).is_some() && described(kind), "{line}");
            assert!(sources.split(',').all(described), "{line}");
        }
    }

    /// A line that says what the reference says already would hide that the reference changed.
    #[test]
    fn only_a_contradiction_makes_a_read_of_a_write() {
        let table = ActionTable::get();
        let reads = [AccessLevel::List, AccessLevel::Read].map(|level| table.of_level(level));
        for (action, kind, _) in sensitive() {
            let place = table.place(action).unwrap();
            let is_read = reads.iter().any(|set| set.contains(place));
            match kind {
                "read" => assert!(!is_read, "{action} is a read in the reference too"),
                "effect" | "sensitive" => assert!(is_read || action == "glue:GetDataPreviewStatement", "{action}"),
                _ => {}
            }
        }
    }

    #[test]
    fn every_action_is_of_one_kind() {
        let mut all = ActionTable::get().none();
        for (kind, set) in classes() {
            assert!(!set.is_empty() && !all.meets(set), "{kind:?}");
            all.add(set);
        }
        assert!(all.complement().is_empty());
    }

    #[test]
    fn kinds_are_by_impact_and_not_by_verb() {
        for (action, kind) in [
            ("iam:PassRole", ImpactKind::Escalation),
            ("sts:AssumeRole", ImpactKind::Escalation),
            ("ssm:SendCommand", ImpactKind::Escalation),
            ("sts:GetFederationToken", ImpactKind::Credentials),
            ("ecr:GetAuthorizationToken", ImpactKind::Credentials),
            ("secretsmanager:GetSecretValue", ImpactKind::Secret),
            ("ssm:GetParametersByPath", ImpactKind::Secret),
            ("kms:Decrypt", ImpactKind::Secret),
            ("ec2:DescribeInstanceAttribute", ImpactKind::Secret),
            ("s3:GetObject", ImpactKind::Data),
            ("s3:GetObjectTagging", ImpactKind::Read),
            ("s3:PutBucketPolicy", ImpactKind::Permissions),
            ("ec2:CreateTags", ImpactKind::Write),
            ("athena:StartQueryExecution", ImpactKind::Write),
            ("securityhub:SendFindingEvents", ImpactKind::Write),
            ("dynamodb:Scan", ImpactKind::Sensitive),
            ("logs:FilterLogEvents", ImpactKind::Sensitive),
            ("iam:GenerateCredentialReport", ImpactKind::Read),
            ("quicksight:DescribeTopicPermissions", ImpactKind::Read),
            ("cloudformation:ValidateTemplate", ImpactKind::Read),
        ] {
            assert_eq!(kind_of(action), Some(kind), "{action}");
        }
        for (pattern, kind) in [
            ("newest:GetIt", ImpactKind::UnknownRead),
            ("newest:Describe*", ImpactKind::UnknownRead),
            ("newest:*", ImpactKind::UnknownWrite),
            ("newest:De*", ImpactKind::UnknownWrite),
            ("newest:PutIt", ImpactKind::UnknownWrite),
            ("DescribeIt", ImpactKind::UnknownWrite),
        ] {
            assert_eq!(ImpactKind::of_unknown(pattern), kind, "{pattern}");
        }
    }
}
