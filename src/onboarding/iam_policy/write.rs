//! The policy documents that rolecall prints: the customer role's permissions and trust, the roles that the backend may
//! enter, and the permissions of an operator.
//!
//! **Invariant:** knows IAM's limits; which actions are needed is the catalogue's.

use std::collections::{BTreeMap, BTreeSet};

use super::BackendPrincipal;
use super::document::{Condition, EXTERNAL_ID, Effect, Element, PolicyDocument, Principals, Statement};
use super::role_reader::{OWN_ROLE_ACTIONS, POLICY_ACTIONS};
use crate::catalogue::{SECRET_ACTIONS, by_resource};
use crate::customers::LIST_MEMBERS_ACTIONS;
use crate::domain::RoleArn;

/// IAM's limit for a managed policy in characters, white space not counted (IAM quotas).
pub(crate) const MANAGED_POLICY_LIMIT: usize = 6_144;
/// Stands for the external ID, which only `onboard` prints.
pub(crate) const EXTERNAL_ID_HERE: &str = "<the external ID that you were given>";

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn allow(sid: &str, actions: &[&str], resources: Vec<String>) -> Statement {
    Statement {
        sid: Some(sid.into()),
        actions: Some(Element::Is(list(actions))),
        resources: Some(Element::Is(resources)),
        ..Statement::default()
    }
}

/// A statement that allows these reads.
pub(crate) fn reads<'a>(sid: &str, actions: impl IntoIterator<Item = &'a str>) -> Statement {
    let actions: Vec<&str> = actions.into_iter().collect();
    allow(sid, &actions, list(&["*"]))
}

/// The permissions of a customer role: these reads, and a denial of the actions that return secrets.
pub(crate) fn customer(actions: &BTreeSet<&'static str>) -> PolicyDocument {
    let never = Statement { effect: Effect::Deny, ..reads("NeverReadSecrets", SECRET_ACTIONS.iter().copied()) };
    let groups = by_resource(actions.iter().copied()).into_iter();
    let reads = groups.map(|(resource, actions)| {
        let sid = if resource == "*" { "ReadInventory" } else { "ReadDomainNames" };
        allow(sid, &actions, list(&[resource]))
    });
    PolicyDocument::of(reads.chain([never]).collect())
}

/// The statements that let a role read itself: its own trust and policies, and the documents of the policies that AWS manages.
/// A policy of the customer's own that is attached to the role is named by `iam:ListAttachedRolePolicies`; its document is not
/// readable, since a pattern for it would show all policies of the account.
pub(crate) fn self_read(role_arn: &str, partition: &str) -> [Statement; 2] {
    [
        allow("ReadOwnRole", OWN_ROLE_ACTIONS, list(&[role_arn])),
        allow("ReadPoliciesOfAws", POLICY_ACTIONS, vec![format!("arn:{partition}:iam::aws:policy/*")]),
    ]
}

/// The trust policy of a customer role: one role of the backend's account, with the external ID. The account is the
/// principal and a condition names the role, since IAM stores a role as a principal by an id that dies with it.
pub(crate) fn trust(backend_role: &BackendPrincipal, with_external_id: bool) -> PolicyDocument {
    let root = format!("arn:{}:iam::{}:root", backend_role.partition, backend_role.account_id);
    let mut conditions = vec![Condition::new("ArnEquals", "aws:PrincipalArn", [backend_role.to_string()])];
    if with_external_id {
        conditions.push(Condition::new("StringEquals", EXTERNAL_ID, [EXTERNAL_ID_HERE]));
    }
    PolicyDocument::of(vec![Statement {
        sid: Some("TheBackendRoleWithYourExternalId".into()),
        principals: Some(Element::Is(Principals::Named(BTreeMap::from([("AWS".to_owned(), vec![root])])))),
        actions: Some(Element::Is(list(&["sts:AssumeRole"]))),
        conditions,
        ..Statement::default()
    }])
}

/// The permissions of `backend_role` to enter these roles, in as many policies as IAM's limit requires, and to list its own
/// organization if the registry says so.
pub(crate) fn backend(role_arns: &[String], lists_organization: bool) -> Vec<PolicyDocument> {
    let of =
        |arns: &[String]| PolicyDocument::of(vec![allow("EnterCustomerRoles", &["sts:AssumeRole"], arns.to_vec())]);
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
    if lists_organization {
        let lists = allow("ListOrganization", &LIST_MEMBERS_ACTIONS, vec!["*".to_owned()]);
        policies.push(PolicyDocument::of(vec![lists]));
    }
    policies
}

/// The resources that an operator's policy names.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminPolicyInputs {
    pub partition: String,
    /// The ARN of `backend_role`.
    pub backend_role: String,
    /// The ARNs of customer roles, with `*` for the accounts.
    pub customer_roles: Vec<String>,
    /// The KMS key of the buckets, if they have their own.
    pub kms_key: Option<String>,
    /// The bucket and the key of the registry.
    pub registry: Option<(String, String)>,
    /// The bucket and the prefix of the output; the prefix ends with a slash.
    pub output: Option<(String, String)>,
}

/// The permissions of an operator: to become `backend_role` for checks and runs, to edit the registry, to read which roles
/// `backend_role` may enter and which accounts the organization has, to try what customer roles should refuse, and to start
/// and follow the state machine.
pub(crate) fn admin(inputs: &AdminPolicyInputs) -> PolicyDocument {
    let AdminPolicyInputs { partition, backend_role, customer_roles, kms_key, registry, output } = inputs;
    let role = || vec![backend_role.clone()];
    let of_bucket = |rest: &str| vec![format!("arn:{partition}:s3:::{rest}")];
    let mut statements = vec![
        allow("BecomeBackendRole", &["sts:AssumeRole"], role()),
        // Only an identity that may try can find a role that lets in everybody who knows the external ID.
        allow("TryWhatCustomersShouldRefuse", &["sts:AssumeRole"], customer_roles.clone()),
        allow(
            "ReadWhatBackendRoleMayEnter",
            &["iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
            role(),
        ),
        allow(
            "ReadItsManagedPolicies",
            &["iam:GetPolicy", "iam:GetPolicyVersion"],
            vec![format!("arn:{partition}:iam::*:policy/*")],
        ),
        reads("ReadTheOrganization", READ_ORGANIZATION.iter().copied()),
    ];
    statements.extend(fleets(partition, backend_role));
    if let Some(key) = kms_key {
        let use_key = allow("UseTheBucketsKey", &["kms:Decrypt", "kms:GenerateDataKey"], vec![key.clone()]);
        let conditions = vec![Condition::new("StringLike", "kms:ViaService", ["s3.*"])];
        statements.push(Statement { conditions, ..use_key });
    }
    if let Some((bucket, key)) = registry {
        let folder = key.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        statements.push(allow("TellMissingFromForbidden", &["s3:ListBucket"], of_bucket(bucket)));
        let key = of_bucket(&format!("{bucket}/{key}"));
        statements.push(allow("KeepTheRegistry", &["s3:GetObject", "s3:PutObject"], key));
        let published = of_bucket(&format!("{bucket}/{folder}published.json"));
        statements.push(allow("ReadWhatWasPublished", &["s3:GetObject"], published));
    }
    if let Some((bucket, prefix)) = output {
        statements.push(allow("ListResults", &["s3:ListBucket"], of_bucket(bucket)));
        statements.push(allow("ReadResults", &["s3:GetObject"], of_bucket(&format!("{bucket}/{prefix}*"))));
    }
    PolicyDocument::of(statements)
}

const READ_ORGANIZATION: [&str; 5] = [
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
    "organizations:ListTagsForResource",
];

/// The permissions to start the state machine and to follow its executions.
fn fleets(partition: &str, backend_role: &str) -> [Statement; 2] {
    let account = backend_role.parse::<RoleArn>().map(|role| role.account_id.to_string()).unwrap_or_default();
    let of_machine = |kind: &str, rest: &str| format!("arn:{partition}:states:*:{account}:{kind}:*-fleet{rest}");
    [
        allow("StartFleets", &["states:StartExecution"], vec![of_machine("stateMachine", "")]),
        allow(
            "FollowFleets",
            &["states:DescribeExecution", "states:DescribeMapRun", "states:ListMapRuns"],
            vec![of_machine("execution", ":*"), of_machine("mapRun", "/*")],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    use proptest::prelude::*;

    use super::super::decode_document;
    use super::super::role_reader::READ_ROLE_ACTIONS;
    use super::*;
    use crate::catalogue::{Catalogue, actions_of};

    #[test]
    fn the_backends_policy_is_split_where_it_would_pass_the_limit() {
        let arns: Vec<String> = (0..500).map(|n| format!("arn:aws:iam::{n:012}:role/rolecall-inventory")).collect();
        let policies = backend(&arns, false);
        let lengths: Vec<usize> = policies.iter().map(|policy| serde_json::to_string(policy).unwrap().len()).collect();
        let longest = lengths.iter().copied().max().unwrap();
        assert!((MANAGED_POLICY_LIMIT - 60..=MANAGED_POLICY_LIMIT).contains(&longest), "{longest}");
        let listed: Vec<&str> = policies.iter().flat_map(|policy| policy.statements[0].resource_patterns()).collect();
        assert_eq!(listed, arns);
        assert_eq!(backend(&arns[..1], false).len(), 1);
        assert_eq!(backend(&arns[..1], true).len(), 2);
    }

    /// The document as IAM would return it.
    fn written_and_read(document: &PolicyDocument) -> PolicyDocument {
        let text = serde_json::to_string(document).unwrap();
        let read = decode_document(&percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string()).unwrap();
        assert_eq!(&read, document);
        read
    }

    /// Whether a statement allows the action on the resource, and none denies it.
    fn grants(document: &PolicyDocument, action: &str, resource: &str) -> bool {
        let about = |statement: &&Statement| statement.covers(action) && statement.covers_resource(resource);
        let (allowing, denying): (Vec<_>, Vec<_>) =
            document.statements.iter().filter(about).partition(|one| one.allows());
        !allowing.is_empty() && denying.is_empty()
    }

    #[test]
    fn the_trust_and_the_operators_policy_cover_what_is_needed() {
        let role: BackendPrincipal = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let trust = written_and_read(&trust(&role, true));
        let [statement] = trust.statements.as_slice() else { panic!("{trust:?}") };
        assert!(statement.allows() && statement.covers("sts:AssumeRole") && !statement.covers("sts:TagSession"));
        assert_eq!(statement.principal_names(), ["arn:aws:iam::999999999999:root"]);
        assert_eq!(statement.listed_values("AWS:principalARN"), [role.to_string()]);
        assert_eq!(statement.external_ids().len(), 1);
        let customer_role = "arn:aws:iam::111122223333:role/rolecall-inventory";
        let admin = written_and_read(&admin(&AdminPolicyInputs {
            partition: "aws".into(),
            backend_role: role.to_string(),
            customer_roles: vec!["arn:aws:iam::*:role/rolecall-inventory".into()],
            registry: Some(("registry".into(), "team/targets.json".into())),
            output: Some(("results".into(), String::new())),
            ..AdminPolicyInputs::default()
        }));
        for (action, resource) in [
            ("sts:AssumeRole", role.to_string().as_str()),
            ("sts:AssumeRole", customer_role),
            ("iam:GetRolePolicy", &role.to_string()),
            ("iam:GetPolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
            ("states:StartExecution", "arn:aws:states:eu-central-1:999999999999:stateMachine:rolecall-fleet"),
            ("s3:PutObject", "arn:aws:s3:::registry/team/targets.json"),
            ("s3:GetObject", "arn:aws:s3:::registry/team/published.json"),
            ("s3:GetObject", "arn:aws:s3:::results/latest.json"),
        ] {
            assert!(grants(&admin, action, resource), "{action} on {resource}");
        }
        assert!(!grants(&admin, "s3:PutObject", "arn:aws:s3:::results/latest.json"));
        assert!(!grants(&admin, "iam:GetRolePolicy", customer_role));
    }

    proptest! {
        #[test]
        fn a_customers_policy_covers_what_its_types_need(chosen in proptest::collection::vec(any::<bool>(), 64)) {
            let tables = Catalogue::get().unwrap().tables().iter();
            let tables = tables.enumerate().filter(|(place, _)| chosen[place % chosen.len()]).map(|(_, table)| table);
            let needed = actions_of(tables);
            let document = written_and_read(&customer(&needed));
            for (resource, actions) in by_resource(needed.iter().copied()) {
                let own = resource.replace("*:apigateway:*", "aws:apigateway:eu-central-1");
                let asked = if resource == "*" { "arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1" } else { &own };
                for action in actions {
                    prop_assert!(grants(&document, action, asked), "{action}");
                    prop_assert!(resource == "*" || !grants(&document, action, "arn:aws:apigateway:eu-central-1::/apikeys"));
                }
            }
            for secret in SECRET_ACTIONS {
                prop_assert!(!grants(&document, secret, "*"), "{secret}");
            }
        }

        #[test]
        fn the_backends_policies_cover_every_role(
            names in proptest::collection::btree_set("[A-Za-z0-9+=,.@_-]{1,64}", 1..150),
        ) {
            let arns: Vec<String> = names.iter().map(|name| format!("arn:aws:iam::111122223333:role/{name}")).collect();
            let documents: Vec<PolicyDocument> = backend(&arns, false).iter().map(written_and_read).collect();
            for arn in &arns {
                let granting = documents.iter().filter(|document| grants(document, "sts:AssumeRole", arn)).count();
                prop_assert!(granting > 0, "{arn}");
                prop_assert!(!documents.iter().any(|document| grants(document, "iam:GetRole", arn)));
            }
        }
    }

    #[test]
    fn a_role_that_reads_itself_reads_nothing_else() {
        let own = "arn:aws:iam::*:role/team/rolecall-inventory";
        let document = written_and_read(&PolicyDocument::of(self_read(own, "aws").to_vec()));
        let actions: BTreeSet<&str> = document.statements.iter().flat_map(|one| one.action_patterns()).collect();
        assert_eq!(actions, READ_ROLE_ACTIONS.iter().copied().collect());
        let role = "arn:aws:iam::111122223333:role/team/rolecall-inventory";
        for action in OWN_ROLE_ACTIONS {
            assert!(grants(&document, action, role), "{action}");
            assert!(!grants(&document, action, "arn:aws:iam::111122223333:role/admin"), "{action}");
        }
        for action in POLICY_ACTIONS {
            assert!(grants(&document, action, "arn:aws:iam::aws:policy/ReadOnlyAccess"), "{action}");
            assert!(!grants(&document, action, "arn:aws:iam::111122223333:policy/own"), "{action}");
            assert!(!grants(&document, action, role), "{action}");
        }
    }

    #[test]
    fn documents_say_what_they_should() {
        let role: BackendPrincipal = "arn:aws:iam::999999999999:role/team/rolecall-backend".parse().unwrap();
        let catalogue = Catalogue::get().unwrap();
        let customer = customer(&actions_of(catalogue.find("ec2_vpcs").into_iter()));
        let inputs = AdminPolicyInputs {
            partition: "aws".into(),
            backend_role: role.to_string(),
            customer_roles: vec!["arn:aws:iam::*:role/rolecall-inventory".into()],
            kms_key: Some("arn:aws:kms:eu-central-1:999999999999:key/k".into()),
            registry: Some(("registry".into(), "targets.json".into())),
            output: Some(("results".into(), "inventory/".into())),
        };
        let all = [customer, trust(&role, true), admin(&inputs)];
        insta::assert_snapshot!(serde_json::to_string_pretty(&all).unwrap());
    }
}
