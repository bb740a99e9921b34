//! The roles that `backend_role`'s own policies let it enter: the setup in which every customer is one statement.

use std::collections::BTreeMap;

use super::ImportCandidates;
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::{ExternalIdSource, NewTarget};
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::read::{PolicyText, Statement, matches, policies_of};

const ENTER: &str = "sts:AssumeRole";

/// Reads the role's inline and attached policies with these credentials.
pub(crate) async fn backend_role(config: &aws_config::SdkConfig, role: &RoleArn) -> Result<ImportCandidates, AwsError> {
    let mut documents = Vec::new();
    for (name, document) in policies_of(config, role.name()).await? {
        let unreadable = || AwsError::new(AwsErrorKind::Unreadable, format!("the policy {name} is no policy document"));
        documents.push(document.ok_or_else(unreadable)?);
    }
    Ok(roles_in(&documents, &role.partition))
}

/// What the policies allow to enter, less what they deny. A pattern is no list of roles, and is told.
fn roles_in(documents: &[PolicyText], partition: &str) -> ImportCandidates {
    let about = |statement: &&Statement| statement.covers(ENTER);
    let statements = || documents.iter().flat_map(|document| &document.statements);
    let denied: Vec<&String> = statements()
        .filter(|statement| !statement.allows && statement.conditions.is_empty())
        .filter(about)
        .flat_map(|statement| &statement.resources)
        .collect();
    let mut found = ImportCandidates::default();
    // The same role in two statements is one role.
    let mut roles: BTreeMap<&str, &Statement> = BTreeMap::new();
    for statement in statements().filter(|statement| statement.allows).filter(about) {
        for resource in &statement.resources {
            roles.entry(resource).or_insert(statement);
        }
    }
    for (resource, statement) in roles {
        if resource.contains(['*', '?']) {
            let why = "is a pattern, and no list of roles: an organization or a list says which accounts it stands for";
            found.leave_out(resource, why);
            continue;
        }
        if denied.iter().any(|pattern| matches(pattern, resource)) {
            found.leave_out(resource, "another statement denies it");
            continue;
        }
        match resource.parse::<RoleArn>() {
            Ok(role) if role.partition == partition => found.take(NewTarget {
                role_arn: Some(resource.to_owned()),
                external_id: match statement.external_ids().as_slice() {
                    [one] => ExternalIdSource::Given(one.clone()),
                    _ => ExternalIdSource::Generated,
                },
                name: statement.sid.clone().filter(|_| statement.resources.len() == 1),
                ..NewTarget::new(role.account_id)
            }),
            Ok(role) => found.leave_out(resource, format!("lies in the partition {}", role.partition)),
            Err(error) => found.leave_out(resource, error.to_string()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_a_customer_is_one_target_a_customer() {
        let text = r#"{"Statement":[
            {"Sid":"Acme","Effect":"Allow","Action":["sts:AssumeRole"],"Resource":"arn:aws:iam::111122223333:role/inv",
             "Condition":{"StringEquals":{"sts:ExternalId":"acme-id"}}},
            {"Effect":"Allow","Action":"sts:*","Resource":["arn:aws:iam::444455556666:role/a","arn:aws:iam::*:role/b"]},
            {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::777788889999:role/out"},
            {"Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::7777*"},
            {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;
        let found = roles_in(&[PolicyText::read(text).unwrap()], "aws");
        let told: Vec<_> = found
            .targets
            .iter()
            .map(|one| {
                (one.account_id.as_str(), one.name.as_deref(), matches!(one.external_id, ExternalIdSource::Given(_)))
            })
            .collect();
        assert_eq!(told, [("111122223333", Some("Acme"), true), ("444455556666", None, false)]);
        let left: Vec<&str> = found.left_out.iter().map(|(what, _)| what.as_str()).collect();
        assert_eq!(left, ["arn:aws:iam::*:role/b", "arn:aws:iam::777788889999:role/out"]);
    }
}
