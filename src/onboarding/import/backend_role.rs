//! Imports the roles that `backend_role`'s own policies let it assume: the setup with one statement for each customer.

use std::collections::BTreeMap;

use super::ImportCandidates;
use crate::aws::AwsError;
use crate::customers::{ExternalIdSource, NewTarget};
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::role_reader::{PlainIamCaller, RoleReader};
use crate::onboarding::iam_policy::{PolicyDocument, Statement, is_pattern};

const ASSUME_ROLE: &str = "sts:AssumeRole";

/// Reads the role's inline and attached policies with these credentials. A policy that cannot be read is an error: a denial
/// in it would be missed.
pub(crate) async fn backend_role(config: &aws_config::SdkConfig, role: &RoleArn) -> Result<ImportCandidates, AwsError> {
    let documents = RoleReader::new(PlainIamCaller::new(config), role.name()).policies().await.all()?;
    Ok(roles_in(&documents, &role.partition))
}

/// Returns the roles that the policies allow to assume, less those that they deny. A pattern is left out: it names no
/// single role.
fn roles_in(documents: &[PolicyDocument], partition: &str) -> ImportCandidates {
    let statements =
        || documents.iter().flat_map(|document| &document.statements).filter(|statement| statement.covers(ASSUME_ROLE));
    let denials: Vec<&Statement> =
        statements().filter(|statement| !statement.allows() && statement.conditions.is_empty()).collect();
    let mut candidates = ImportCandidates::default();
    // A role that two statements allow is one role.
    let mut roles: BTreeMap<&str, &Statement> = BTreeMap::new();
    for statement in statements().filter(|statement| statement.allows()) {
        for resource in statement.resource_patterns() {
            roles.entry(resource).or_insert(statement);
        }
    }
    for (resource, statement) in roles {
        if is_pattern(resource) {
            let reason = "is a pattern and names no single role: import the organization or a list of accounts";
            candidates.leave_out(resource, reason);
            continue;
        }
        if denials.iter().any(|denial| denial.covers_resource(resource)) {
            candidates.leave_out(resource, "another statement denies it");
            continue;
        }
        match resource.parse::<RoleArn>() {
            Ok(role) if role.partition == partition => candidates.take(target(role, resource, statement)),
            Ok(role) => candidates.leave_out(resource, format!("is in the partition {}", role.partition)),
            Err(error) => candidates.leave_out(resource, error.to_string()),
        }
    }
    candidates
}

fn target(role: RoleArn, role_arn: &str, statement: &Statement) -> NewTarget {
    NewTarget {
        role_arn: Some(role_arn.to_owned()),
        external_id: match statement.external_ids().as_slice() {
            [one] => ExternalIdSource::Given(one.clone()),
            _ => ExternalIdSource::Generated,
        },
        name: statement.sid.clone().filter(|_| statement.resource_patterns().len() == 1),
        ..NewTarget::new(role.account_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onboarding::iam_policy::decode_document;

    #[test]
    fn one_statement_a_customer_is_one_target_a_customer() {
        let text = r#"{"Statement":[
            {"Sid":"Acme","Effect":"Allow","Action":["sts:AssumeRole"],"Resource":"arn:aws:iam::111122223333:role/inv",
             "Condition":{"StringEquals":{"sts:ExternalId":"acme-id"}}},
            {"Effect":"Allow","Action":"sts:*","Resource":["arn:aws:iam::444455556666:role/a","arn:aws:iam::*:role/b"]},
            {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::777788889999:role/out"},
            {"Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::7777*"},
            {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;
        let found = roles_in(&[decode_document(text).unwrap()], "aws");
        let found_targets: Vec<_> = found
            .targets
            .iter()
            .map(|one| {
                (one.account_id.as_str(), one.name.as_deref(), matches!(one.external_id, ExternalIdSource::Given(_)))
            })
            .collect();
        assert_eq!(found_targets, [("111122223333", Some("Acme"), true), ("444455556666", None, false)]);
        let left: Vec<&str> = found.left_out.iter().map(|(what, _)| what.as_str()).collect();
        assert_eq!(left, ["arn:aws:iam::*:role/b", "arn:aws:iam::777788889999:role/out"]);
    }
}
