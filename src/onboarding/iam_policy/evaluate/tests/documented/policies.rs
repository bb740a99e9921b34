//! Actions, resources, and what follows from several policies.

use super::*;

const NOT_ACTION: &str = "reference_policies_elements_notaction.html";
const RESOURCE: &str = "reference_policies_elements_resource.html";
const NOT_RESOURCE: &str = "reference_policies_elements_notresource.html";
const LOGIC: &str = "reference_policies_evaluation-logic.html";
const CROSS_ACCOUNT: &str = "reference_policies_evaluation-logic-cross-account.html";
const BOUNDARIES: &str = "access_policies_boundaries.html";
const TRUST: &str = "reference_policies_evaluation-logic_policy-eval-denyallow.html";

fn request(caller: Caller, action: &str, resource: &str) -> AccessRequest {
    AccessRequest::new(caller, action, resource, RequestContext::others_absent())
}

#[test]
fn actions_and_resources() {
    let all_but_iam = json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]);
    let not_s3 = json!([{"Effect": "Allow", "NotAction": ["s3:Delete*", "s3:Put*"], "Resource": "arn:aws:s3:::*"}]);
    let only = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["ec2:Describe*", "s3:List*"], "Resource": "*"},
    ]);
    let hr = json!([
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]},
    ]);
    let own = json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::mybucket/${aws:username}/*"}]);
    let wild = json!([{"Effect": "Allow", "Action": "s3:Get?bject", "Resource": "arn:aws:s3:::bucket/*/test/*"}]);
    for (page, statements, caller, action, resource, expected) in [
        (NOT_ACTION, &all_but_iam, session(), "ec2:RunInstances", "*", 'A'),
        (NOT_ACTION, &all_but_iam, session(), "IAM:CreateUser", "*", 'I'),
        (NOT_ACTION, &not_s3, session(), "s3:GetObject", "arn:aws:s3:::b/k", 'A'),
        (NOT_ACTION, &not_s3, session(), "s3:DeleteObject", "arn:aws:s3:::b/k", 'I'),
        (NOT_ACTION, &not_s3, session(), "ec2:RunInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/i", 'I'),
        (NOT_ACTION, &only, session(), "ec2:DescribeVpcs", "*", 'A'),
        (NOT_ACTION, &only, session(), "ec2:RunInstances", "*", 'E'),
        (NOT_RESOURCE, &hr, session(), "s3:GetObject", "arn:aws:s3:::HRBucket/Payroll/2026", 'A'),
        (NOT_RESOURCE, &hr, session(), "s3:GetObject", "arn:aws:s3:::HRBucket/Other", 'E'),
        (NOT_RESOURCE, &hr, session(), "s3:GetObject", "arn:aws:s3:::hrbucket/Payroll/2026", 'E'),
        (RESOURCE, &own, user("Bob"), "s3:GetObject", "arn:aws:s3:::mybucket/Bob/x", 'A'),
        (RESOURCE, &own, user("Bob"), "s3:GetObject", "arn:aws:s3:::mybucket/bob/x", 'I'),
        // A role has no user name.
        (RESOURCE, &own, session(), "s3:GetObject", "arn:aws:s3:::mybucket/Bob/x", 'I'),
        (RESOURCE, &wild, session(), "S3:getobject", "arn:aws:s3:::bucket/1/2/test/3/object.jpg", 'A'),
        (RESOURCE, &wild, session(), "s3:GetObject", "arn:aws:s3:::bucket/1-test/object.jpg", 'I'),
        (RESOURCE, &wild, session(), "s3:GetObject", "*", 'I'),
    ] {
        let evaluation = evaluate(&identity(statements), None, &request(caller, action, resource));
        assert_eq!(letter(&evaluation), expected, "{page} {action} {resource}");
    }
}

fn allow(action: &str) -> Value {
    json!([{"Effect": "Allow", "Action": action, "Resource": "*"}])
}

fn named(statements: &Value) -> NamedPolicy {
    NamedPolicy::new("other", policy(statements))
}

#[test]
fn boundaries_and_session_policies() {
    let all = allow("*");
    let read = allow("s3:Get*");
    let deny = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]);
    let none = json!([]);
    let asked = |identity_says: &Value, boundary: Option<&Value>, session_says: Option<&Value>, action: &str| {
        let mut policies = identity(identity_says);
        if let Some(boundary) = boundary {
            policies = policies.with_boundary(named(boundary));
        }
        if let Some(session_says) = session_says {
            policies = policies.with_session(named(session_says));
        }
        letter(&evaluate(&policies, None, &request(session(), action, "arn:aws:s3:::b/k")))
    };
    for (page, identity_says, boundary, session_says, action, expected) in [
        (BOUNDARIES, &all, Some(&read), None, "s3:GetObject", 'A'),
        (BOUNDARIES, &all, Some(&read), None, "s3:PutObject", 'I'),
        (BOUNDARIES, &none, Some(&all), None, "s3:GetObject", 'I'),
        (BOUNDARIES, &all, Some(&deny), None, "s3:GetObject", 'E'),
        (BOUNDARIES, &all, Some(&none), None, "s3:GetObject", 'I'),
        (LOGIC, &all, None, Some(&read), "s3:GetObject", 'A'),
        (LOGIC, &all, None, Some(&read), "s3:PutObject", 'I'),
        (LOGIC, &read, None, Some(&all), "s3:PutObject", 'I'),
        (LOGIC, &read, Some(&all), Some(&all), "s3:GetObject", 'A'),
        (LOGIC, &all, Some(&read), Some(&deny), "s3:GetObject", 'E'),
        (LOGIC, &none, None, None, "s3:GetObject", 'I'),
    ] {
        assert_eq!(asked(identity_says, boundary, session_says, action), expected, "{page} {action}");
    }
}

#[test]
fn policies_of_resources() {
    let (all, none) = (allow("*"), json!([]));
    let deny = json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]);
    let to = |principal: &str| json!([{"Effect": "Allow", "Action": "*", "Principal": {"AWS": principal}}]);
    let own = "arn:aws:sqs:eu-west-1:444455556666:q";
    let foreign = "arn:aws:sqs:eu-west-1:111122223333:q";
    let own_role = "arn:aws:iam::444455556666:role/target";
    let bucket = "arn:aws:s3:::b";
    let (root, role) = ("arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/reader");
    let audit = "arn:aws:sts::444455556666:assumed-role/reader/audit";
    for (page, says, boundary, principal, action, resource, expected) in [
        // Within one account either suffices, and an account hands the decision on.
        (LOGIC, &none, None, role, "sqs:SendMessage", own, 'A'),
        (LOGIC, &none, None, root, "sqs:SendMessage", own, 'I'),
        (LOGIC, &all, None, root, "sqs:SendMessage", own, 'A'),
        (LOGIC, &all, None, "666666666666", "sqs:SendMessage", own, 'A'),
        (LOGIC, &deny, None, audit, "sqs:SendMessage", own, 'E'),
        // A boundary narrows what a role is given, and not what a session is given.
        (LOGIC, &none, Some(&none), role, "sqs:SendMessage", own, 'I'),
        (LOGIC, &none, Some(&none), audit, "sqs:SendMessage", own, 'A'),
        (LOGIC, &none, Some(&deny), audit, "sqs:SendMessage", own, 'E'),
        (LOGIC, &none, Some(&none), "*", "sqs:SendMessage", own, 'U'),
        (LOGIC, &none, None, "*", "sqs:SendMessage", own, 'A'),
        // Roles and keys of KMS: their own policy must allow.
        (TRUST, &all, None, "666666666666", "sts:AssumeRole", own_role, 'I'),
        (TRUST, &all, None, root, "sts:AssumeRole", own_role, 'A'),
        (TRUST, &none, None, root, "sts:AssumeRole", own_role, 'I'),
        (TRUST, &none, None, role, "sts:AssumeRole", own_role, 'A'),
        (TRUST, &all, None, "666666666666", "kms:Decrypt", "arn:aws:kms:eu-west-1:444455556666:key/k", 'I'),
        // Across accounts both must allow.
        (CROSS_ACCOUNT, &all, None, root, "sqs:SendMessage", foreign, 'A'),
        (CROSS_ACCOUNT, &none, None, role, "sqs:SendMessage", foreign, 'I'),
        (CROSS_ACCOUNT, &none, None, audit, "sqs:SendMessage", foreign, 'I'),
        (CROSS_ACCOUNT, &all, None, "666666666666", "sqs:SendMessage", foreign, 'I'),
        (CROSS_ACCOUNT, &all, Some(&none), audit, "sqs:SendMessage", foreign, 'I'),
        (CROSS_ACCOUNT, &deny, None, "*", "sqs:SendMessage", foreign, 'E'),
        // A bucket's ARN does not say whose it is.
        (CROSS_ACCOUNT, &all, None, role, "s3:GetObject", bucket, 'A'),
        (CROSS_ACCOUNT, &none, None, role, "s3:GetObject", bucket, 'U'),
    ] {
        let mut policies = identity(says);
        if let Some(boundary) = boundary {
            policies = policies.with_boundary(named(boundary));
        }
        let evaluation = evaluate(&policies, Some(&policy(&to(principal))), &request(session(), action, resource));
        assert_eq!(letter(&evaluation), expected, "{page} {says} {boundary:?} {principal} {action} {resource}");
    }
    let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]);
    let service = request(Caller::Service("ec2.amazonaws.com".into()), "sts:AssumeRole", own_role);
    assert_eq!(letter(&evaluate(&IdentityPolicies::default(), Some(&policy(&trust)), &service)), 'A');
    let root_user = request(Caller::root("aws", &account("444455556666")), "sqs:SendMessage", own);
    assert_eq!(letter(&evaluate(&IdentityPolicies::default(), None, &root_user)), 'A', "{LOGIC}");
}

#[test]
fn a_policy_that_could_not_be_read_may_say_anything() {
    let unread = |statements: Value| {
        IdentityPolicies::of(vec![NamedPolicy::new("read", policy(&statements)), NamedPolicy::unreadable("hidden")])
    };
    let asked = |policies: &IdentityPolicies| evaluate(policies, None, &request(session(), "s3:GetObject", "*"));
    for statements in [json!([]), allow("*")] {
        let evaluation = asked(&unread(statements));
        assert_eq!(evaluation.open_questions(), ["unreadable policy hidden"]);
    }
    let deny = json!([{"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}]);
    let evaluation = asked(&unread(deny));
    assert_eq!(letter(&evaluation), 'E');
    assert_eq!(evaluation.statement.unwrap().to_string(), "statement `No` of read");
    let policies = identity(&allow("*")).with_boundary(NamedPolicy::unreadable("boundary"));
    assert_eq!(letter(&asked(&policies)), 'U');
    let policies = identity(&json!([])).with_boundary(NamedPolicy::unreadable("boundary"));
    assert_eq!(letter(&asked(&policies)), 'I', "without an Allow of the identity it is denied anyway");
}

#[test]
fn an_open_deny_leaves_an_allow_open_and_the_answer_names_its_statement() {
    let open = json!({"StringEquals": {"aws:PrincipalTag/team": "x"}});
    let statements = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": open},
        {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"},
    ]);
    let context = RequestContext::others_unknown();
    let asked = |action: &str| {
        let request = AccessRequest::new(session(), action, "*", context.clone());
        evaluate(&identity(&statements), None, &request)
    };
    let (allowed, undecided, denied) = (asked("ec2:RunInstances"), asked("s3:GetObject"), asked("s3:DeleteObject"));
    assert_eq!((letter(&allowed), allowed.statement.unwrap().index), ('A', 0));
    assert_eq!((letter(&undecided), undecided.statement.clone().unwrap().index), ('U', 1));
    assert_eq!(undecided.open_questions(), ["aws:PrincipalTag/team"]);
    assert_eq!((letter(&denied), denied.statement.unwrap().to_string()), ('E', "statement 3 of identity".to_owned()));
}

#[test]
fn nothing_that_is_shown_has_a_value_of_a_condition() {
    let statements = json!([{"Effect": "Allow", "Action": "*", "Principal": "*",
        "Condition": {"StringEquals": {"sts:ExternalId": "s3cr3t-1"}, "NumericEquals": {"a:b": "s3cr3t-2"}}}]);
    let context =
        RequestContext::others_unknown().with_value("sts:ExternalId", "s3cr3t-1").with_value("a:b", "s3cr3t-3");
    let request = AccessRequest::new(session(), "sts:AssumeRole", "*", context);
    let document = policy(&statements);
    let shown = format!("{:?} {request:?} {document:?}", evaluate_resource_policy(&document, &request));
    assert!(shown.contains("a:b") && !shown.contains("s3cr3t"), "{shown}");
}
