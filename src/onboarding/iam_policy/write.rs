//! IAM policies as documents, to paste or to attach: what the customer's role grants and whom it trusts, what the backend
//! may enter, what whoever keeps the registry needs.
//!
//! Knows the form of policies and IAM's limits; which actions there are is the catalogue's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalogue::SECRET_ACTIONS;
use crate::domain::RoleArn;

/// IAM counts so many characters of a managed policy at most, blanks left out (IAM quotas).
pub(crate) const MANAGED_POLICY_LIMIT: usize = 6_144;
/// Stands where a document needs the external ID, which is shown to nobody but by `onboard`.
pub(crate) const EXTERNAL_ID_HERE: &str = "<the external ID that you were given>";

/// A policy as it is written down: its members in the order in which people read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyDocument {
    /// The version of the language.
    pub version: String,
    /// The statements.
    pub statement: Vec<NewStatement>,
}

/// One statement of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewStatement {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Value>,
    action: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

fn document(statement: Vec<NewStatement>) -> PolicyDocument {
    PolicyDocument { version: "2012-10-17".into(), statement }
}

fn allow(sid: &str, action: impl Into<Value>, resource: impl Into<Value>) -> NewStatement {
    NewStatement {
        sid: Some(sid.into()),
        effect: "Allow".into(),
        action: action.into(),
        resource: Some(resource.into()),
        ..NewStatement::default()
    }
}

/// A statement that allows these reads.
pub(crate) fn reads(sid: &str, actions: impl IntoIterator<Item = impl Into<String>>) -> NewStatement {
    let actions: Vec<String> = actions.into_iter().map(Into::into).collect();
    allow(sid, actions, "*")
}

/// What a customer's role grants: these reads, and the refusal of what reads nothing but secrets.
pub(crate) fn customer(actions: &BTreeSet<&'static str>) -> PolicyDocument {
    let never = NewStatement { effect: "Deny".into(), ..reads("NeverReadSecrets", SECRET_ACTIONS.iter().copied()) };
    document(vec![reads("ReadInventory", actions.iter().copied()), never])
}

/// Whom a customer's role lets in: one role of the backend's account, with the external ID. The account is the principal
/// and a condition names the role, since IAM stores a role as a principal by an id that dies with it.
pub(crate) fn trust(backend_role: &RoleArn, with_external_id: bool) -> PolicyDocument {
    let root = format!("arn:{}:iam::{}:root", backend_role.partition, backend_role.account_id);
    let mut condition = json!({ "ArnEquals": { "aws:PrincipalArn": backend_role.to_string() } });
    if with_external_id {
        condition["StringEquals"] = json!({ "sts:ExternalId": EXTERNAL_ID_HERE });
    }
    document(vec![NewStatement {
        sid: Some("TheBackendRoleWithYourExternalId".into()),
        effect: "Allow".into(),
        principal: Some(json!({ "AWS": root })),
        action: "sts:AssumeRole".into(),
        condition: Some(condition),
        ..NewStatement::default()
    }])
}

/// What `backend_role` needs to enter these roles, in as many policies as IAM's limit wants.
pub(crate) fn backend(role_arns: &[String]) -> Vec<PolicyDocument> {
    let of = |arns: &[String]| document(vec![allow("EnterCustomerRoles", "sts:AssumeRole", arns)]);
    let length_of = |policy: &PolicyDocument| serde_json::to_string(policy).map_or(0, |text| text.len());
    let empty = length_of(&of(&[]));
    let (mut policies, mut part, mut length) = (Vec::new(), Vec::new(), empty);
    for arn in role_arns {
        // Its quotes, and the comma before it.
        let more = arn.len() + 3;
        if length + more > MANAGED_POLICY_LIMIT && !part.is_empty() {
            policies.push(of(&part));
            (part, length) = (Vec::new(), empty);
        }
        part.push(arn.clone());
        length += more;
    }
    policies.push(of(&part));
    policies
}

/// Where the operator's things lie.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminPolicyInputs {
    /// The partition.
    pub partition: String,
    /// The ARN of `backend_role`.
    pub backend_role: String,
    /// The ARNs of the roles that customers make, with a `*` for their accounts.
    pub customer_roles: Vec<String>,
    /// The KMS key of the buckets, where they have one of their own.
    pub kms_key: Option<String>,
    /// The registry's bucket and its key.
    pub registry: Option<(String, String)>,
    /// The output's bucket and its prefix, with its slash.
    pub output: Option<(String, String)>,
}

/// What whoever keeps the registry needs: to become `backend_role` for checks and runs, to edit the registry, to read what
/// `backend_role` may enter and which accounts the organization has; to try what customers' roles should refuse, and to
/// start and follow the state machine.
pub(crate) fn admin(places: &AdminPolicyInputs) -> PolicyDocument {
    let AdminPolicyInputs { partition, backend_role, customer_roles, kms_key, registry, output } = places;
    let account = backend_role.parse::<RoleArn>().map(|role| role.account_id.to_string()).unwrap_or_default();
    let of_machine = |kind: &str, rest: &str| format!("arn:{partition}:states:*:{account}:{kind}:*-fleet{rest}");
    let mut statements = vec![
        allow("BecomeBackendRole", "sts:AssumeRole", backend_role.as_str()),
        // A role that lets in everybody who knows the external ID is found by nobody who may not even try.
        allow("TryWhatCustomersShouldRefuse", "sts:AssumeRole", customer_roles.clone()),
        allow(
            "ReadWhatBackendRoleMayEnter",
            vec!["iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
            backend_role.as_str(),
        ),
        allow(
            "ReadItsManagedPolicies",
            vec!["iam:GetPolicy", "iam:GetPolicyVersion"],
            format!("arn:{partition}:iam::*:policy/*"),
        ),
        reads(
            "ReadTheOrganization",
            [
                "organizations:DescribeOrganizationalUnit",
                "organizations:ListAccountsForParent",
                "organizations:ListOrganizationalUnitsForParent",
                "organizations:ListRoots",
                "organizations:ListTagsForResource",
            ],
        ),
    ];
    statements.push(allow("StartFleets", "states:StartExecution", of_machine("stateMachine", "")));
    let seen = vec![of_machine("execution", ":*"), of_machine("mapRun", "/*")];
    let follow = vec!["states:DescribeExecution", "states:DescribeMapRun", "states:ListMapRuns"];
    statements.push(allow("FollowFleets", follow, seen));
    if let Some(key) = kms_key {
        let mut use_key = allow("UseTheBucketsKey", vec!["kms:Decrypt", "kms:GenerateDataKey"], key.as_str());
        use_key.condition = Some(json!({ "StringLike": { "kms:ViaService": "s3.*" } }));
        statements.push(use_key);
    }
    let of_bucket = |rest: &str| format!("arn:{partition}:s3:::{rest}");
    if let Some((bucket, key)) = registry {
        let beside = key.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        statements.push(allow("TellMissingFromForbidden", "s3:ListBucket", of_bucket(bucket)));
        let key = of_bucket(&format!("{bucket}/{key}"));
        statements.push(allow("KeepTheRegistry", vec!["s3:GetObject", "s3:PutObject"], key));
        let published = of_bucket(&format!("{bucket}/{beside}published.json"));
        statements.push(allow("ReadWhatWasPublished", "s3:GetObject", published));
    }
    if let Some((bucket, prefix)) = output {
        statements.push(allow("ListResults", "s3:ListBucket", of_bucket(bucket)));
        statements.push(allow("ReadResults", "s3:GetObject", of_bucket(&format!("{bucket}/{prefix}*"))));
    }
    document(statements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, actions_of};

    #[test]
    fn the_backends_policy_is_split_where_it_would_pass_the_limit() {
        let arns: Vec<String> = (0..500).map(|n| format!("arn:aws:iam::{n:012}:role/rolecall-inventory")).collect();
        let policies = backend(&arns);
        let lengths: Vec<usize> = policies.iter().map(|policy| serde_json::to_string(policy).unwrap().len()).collect();
        let longest = lengths.iter().copied().max().unwrap();
        assert!((MANAGED_POLICY_LIMIT - 60..=MANAGED_POLICY_LIMIT).contains(&longest), "{longest}");
        let listed: Vec<&str> = policies
            .iter()
            .flat_map(|policy| policy.statement[0].resource.as_ref().unwrap().as_array().unwrap())
            .map(|arn| arn.as_str().unwrap())
            .collect();
        assert_eq!(listed, arns);
        assert_eq!(backend(&arns[..1]).len(), 1);
    }

    #[test]
    fn documents_say_what_they_should() {
        let role: RoleArn = "arn:aws:iam::999999999999:role/team/rolecall-backend".parse().unwrap();
        let catalogue = Catalogue::get().unwrap();
        let customer = customer(&actions_of(catalogue.find("ec2_vpcs").into_iter()));
        let places = AdminPolicyInputs {
            partition: "aws".into(),
            backend_role: role.to_string(),
            customer_roles: vec!["arn:aws:iam::*:role/rolecall-inventory".into()],
            kms_key: Some("arn:aws:kms:eu-central-1:999999999999:key/k".into()),
            registry: Some(("registry".into(), "targets.json".into())),
            output: Some(("results".into(), "inventory/".into())),
        };
        let all = [customer, trust(&role, true), admin(&places)];
        insta::assert_snapshot!(serde_json::to_string_pretty(&all).unwrap());
    }
}
