//! Imports the roles that `backend_role`'s own policies let it assume: the setup with one statement for each customer.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::ImportCandidates;
use crate::aws::{AwsError, Identity};
use crate::customers::{ExternalIdSource, NewTarget, external_id};
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::role_reader::RoleReader;
use crate::onboarding::iam_policy::{EXTERNAL_ID, PolicyDocument, Statement, is_pattern};

const ASSUME_ROLE: &str = "sts:AssumeRole";

/// Reads the role's inline and attached policies with these credentials. A policy that cannot be read is an error: a denial
/// in it would be missed. So are credentials of another account, which may have a role of the same name.
pub(crate) async fn backend_role(
    config: &aws_config::SdkConfig,
    identity: &Identity,
    role: &RoleArn,
    no_external_id: bool,
) -> Result<ImportCandidates, AwsError> {
    let documents = RoleReader::of_backend(config, identity, role)?.policies().await.all()?;
    Ok(roles_in(&documents, &role.partition, no_external_id))
}

/// Returns the roles that the policies allow to assume, less those that they deny. A pattern is left out: it names no
/// single role.
pub(super) fn roles_in(documents: &[PolicyDocument], partition: &str, no_external_id: bool) -> ImportCandidates {
    let statements =
        || documents.iter().flat_map(|document| &document.statements).filter(|statement| statement.covers(ASSUME_ROLE));
    let denials: Vec<&Statement> =
        statements().filter(|statement| !statement.allows() && statement.conditions.is_empty()).collect();
    let mut candidates = ImportCandidates::default();
    // A role that two statements allow is one role.
    let mut roles: BTreeMap<&str, Vec<&Statement>> = BTreeMap::new();
    for statement in statements().filter(|statement| statement.allows()) {
        for resource in statement.resource_patterns() {
            roles.entry(resource).or_default().push(statement);
        }
    }
    for (resource, statements) in roles {
        if is_pattern(resource) {
            let reason = "is a pattern and names no single role: import the organization or a list of accounts";
            candidates.leave_out(resource, reason);
            continue;
        }
        if denials.iter().any(|denial| denial.covers_resource(resource)) {
            candidates.leave_out(resource, "another statement denies it");
            continue;
        }
        let role = match resource.parse::<RoleArn>() {
            Ok(role) if role.partition == partition => role,
            Ok(role) => {
                candidates.leave_out(resource, format!("is in the partition {}", role.partition));
                continue;
            }
            Err(error) => {
                candidates.leave_out(resource, error.to_string());
                continue;
            }
        };
        match external_id_in(&statements, no_external_id) {
            Ok(external_id) => candidates.take(target(role, resource, &statements, external_id)),
            Err(reason) => candidates.leave_out(resource, reason),
        }
    }
    candidates
}

/// Returns the one external ID that the statements name. A new one is never made: the role exists, and its trust policy has
/// the ID that it has.
fn external_id_in(statements: &[&Statement], no_external_id: bool) -> Result<ExternalIdSource, String> {
    let add = "add it with the ID that its trust policy requires: `rolecall targets add ACCOUNT --role-arn ARN \
               --external-id-file FILE`";
    let mut ids: Vec<SecretString> = Vec::new();
    for statement in statements.iter().filter(|statement| statement.looks_at(EXTERNAL_ID)) {
        let listed = statement.external_ids();
        if listed.is_empty() {
            return Err(format!("its condition on {EXTERNAL_ID} names no single external ID: {add}"));
        }
        for id in listed {
            if !ids.iter().any(|known| known.expose_secret() == id.expose_secret()) {
                ids.push(id);
            }
        }
    }
    match ids.as_slice() {
        [one] => {
            let id = external_id(one.expose_secret()).map_err(|error| format!("its external ID {error}"))?;
            Ok(ExternalIdSource::Given(id))
        }
        [] if no_external_id => Ok(ExternalIdSource::None),
        [] => Err(
            "the policies name no external ID for it: --no-external-id imports it without one, which is only right \
                   for accounts of your own organization; `rolecall onboard ACCOUNT --role-arn ARN` makes one that its \
                   administrator has to put into the role"
                .into(),
        ),
        several => Err(format!("the policies name {} external IDs for it: {add}", several.len())),
    }
}

fn target(role: RoleArn, role_arn: &str, statements: &[&Statement], external_id: ExternalIdSource) -> NewTarget {
    let names = statements.iter().filter(|statement| statement.resource_patterns().len() == 1);
    NewTarget {
        role_arn: Some(role_arn.to_owned()),
        external_id,
        name: names.filter_map(|statement| statement.sid.clone()).next(),
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
        let found = roles_in(&[decode_document(text).unwrap()], "aws", true);
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
        // A role exists already, so it gets no new external ID.
        let found = roles_in(&[decode_document(text).unwrap()], "aws", false);
        let accounts: Vec<&str> = found.targets.iter().map(|one| one.account_id.as_str()).collect();
        assert_eq!(accounts, ["111122223333"]);
        assert!(found.left_out.iter().any(|(what, why)| what.ends_with("role/a") && why.contains("--no-external-id")));
    }

    /// Reads the policies of a role that the statements with these conditions name.
    fn found_with(conditions: &[&str]) -> ImportCandidates {
        let document = |conditions: &&str| {
            let text = format!(
                r#"{{"Statement":{{"Effect":"Allow","Action":"sts:AssumeRole",
                   "Resource":"arn:aws:iam::111122223333:role/inv","Condition":{{{conditions}}}}}}}"#
            );
            decode_document(&text).unwrap()
        };
        roles_in(&conditions.iter().map(document).collect::<Vec<_>>(), "aws", false)
    }

    #[test]
    fn a_role_is_imported_with_the_one_external_id_that_the_policies_name() {
        let [a, b] = [r#""StringEquals":{"sts:ExternalId":"id-a"}"#, r#""StringEquals":{"sts:ExternalId":"id-b"}"#];
        for conditions in [&[a][..], &[a, a], &[a, ""], &["", a], &[r#""StringLike":{"sts:externalid":["id-a"]}"#]] {
            let found = found_with(conditions);
            let [target] = found.targets.as_slice() else { panic!("{conditions:?} {:?}", found.left_out) };
            let ExternalIdSource::Given(id) = &target.external_id else { panic!("{conditions:?}") };
            assert_eq!(id.expose_secret(), "id-a", "{conditions:?}");
        }
        for conditions in [
            &[a, b][..],
            &[r#""StringEquals":{"sts:ExternalId":["id-a","id-b"]}"#],
            &[r#""StringLike":{"sts:ExternalId":"acme-*"}"#],
            &[a, r#""StringLike":{"sts:ExternalId":"acme-*"}"#],
            &[r#""StringNotEquals":{"sts:ExternalId":"id-a"}"#],
            &[r#""StringEqualsIfExists":{"sts:ExternalId":"id-a"}"#],
            &[r#""Null":{"sts:ExternalId":"false"}"#],
            &[r#""StringEquals":{"sts:ExternalId":"not an id"}"#],
            &[""],
        ] {
            let found = found_with(conditions);
            assert!(found.targets.is_empty(), "{conditions:?} {:?}", found.targets);
            let [(what, why)] = found.left_out.as_slice() else { panic!("{conditions:?}") };
            assert_eq!(what, "arn:aws:iam::111122223333:role/inv");
            assert!(why.contains("external ID") && !why.contains("id-a"), "{why}");
        }
    }
}
