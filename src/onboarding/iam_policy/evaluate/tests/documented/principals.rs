//! Principals, and statements that name all but some.

use super::*;

const PRINCIPAL: &str = "reference_policies_elements_principal.html";
const NOT_PRINCIPAL: &str = "reference_policies_elements_notprincipal.html";

fn asked(statements: Value, caller: Caller) -> char {
    let request = AccessRequest::new(caller, "sts:AssumeRole", "*", RequestContext::others_absent());
    letter(&evaluate_resource_policy(&policy(&statements), &request))
}

#[test]
fn principals() {
    let unknown_session = || Caller::role(&"arn:aws:iam::444455556666:role/reader".parse().unwrap());
    let someone = || Caller::someone_of("aws", &account("444455556666"));
    let stranger = || Caller::someone_of("aws", &account("666666666666"));
    let with_path =
        || Caller::session_of(&"arn:aws:iam::444455556666:role/team/reader".parse().unwrap(), Some("audit"), None);
    for (principal, caller, expected) in [
        (json!("*"), session(), 'A'),
        (json!("*"), Caller::Anonymous, 'A'),
        (json!({"AWS": "*"}), Caller::Anonymous, 'A'),
        (json!({"AWS": "*"}), Caller::Service("s3.amazonaws.com".into()), 'A'),
        // The account: both forms mean the same, and every identity of the account.
        (json!({"AWS": "444455556666"}), session(), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), session(), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), user("Bob"), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), Caller::root("aws", &account("444455556666")), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), someone(), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), stranger(), 'I'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), Caller::someone("aws"), 'U'),
        (json!({"AWS": "arn:aws-cn:iam::444455556666:root"}), session(), 'I'),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), Caller::Anonymous, 'I'),
        // Roles, sessions, users and unique ids.
        (json!({"AWS": "arn:aws:iam::444455556666:role/reader"}), session(), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:role/Reader"}), session(), 'I'),
        (json!({"AWS": "arn:aws:iam::444455556666:role/team/reader"}), session(), 'I'),
        (json!({"AWS": "arn:aws:iam::444455556666:role/reader"}), someone(), 'U'),
        (json!({"AWS": "arn:aws:iam::444455556666:role/reader"}), stranger(), 'I'),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/reader/audit"}), session(), 'A'),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/reader/audit"}), with_path(), 'A'),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/reader/other"}), session(), 'I'),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/reader/audit"}), unknown_session(), 'U'),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/writer/audit"}), unknown_session(), 'I'),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/reader/audit"}), user("reader"), 'I'),
        (json!({"AWS": "arn:aws:iam::444455556666:user/Bob"}), user("Bob"), 'A'),
        (json!({"AWS": "arn:aws:iam::444455556666:user/bob"}), user("Bob"), 'I'),
        (json!({"AWS": ["AIDADEAD", "AIDAUSER"]}), user("Bob"), 'A'),
        (json!({"AWS": "AROAREADER"}), session(), 'A'),
        (json!({"AWS": "AROADEAD"}), session(), 'I'),
        (json!({"AWS": "AROADEAD"}), unknown_session(), 'U'),
        (json!({"AWS": "AIDADEAD"}), unknown_session(), 'I'),
        (json!({"AWS": "AROA\u{1b}[31mX"}), session(), 'I'),
        // What IAM refuses to store.
        (json!({"AWS": "arn:aws:iam::444455556666:role/*"}), session(), 'U'),
        (json!({"AWS": "arn:aws:iam::666666666666:role/*"}), session(), 'I'),
        (json!({"AWS": "reader"}), session(), 'U'),
        // Services and identity providers.
        (
            json!({"Service": ["ecs.amazonaws.com", "ec2.amazonaws.com"]}),
            Caller::Service("ec2.amazonaws.com".into()),
            'A',
        ),
        (json!({"Service": "ec2.amazonaws.com"}), Caller::Service("ecs.amazonaws.com".into()), 'I'),
        (json!({"Service": "ec2.amazonaws.com"}), session(), 'I'),
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            Caller::Federated("cognito-identity.amazonaws.com".into()),
            'A',
        ),
        (
            json!({"Federated": "arn:aws:iam::444455556666:saml-provider/p"}),
            Caller::Federated("cognito-identity.amazonaws.com".into()),
            'I',
        ),
        (json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}), session(), 'U'),
        (
            json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
            Caller::Anonymous,
            'I',
        ),
        (json!({}), session(), 'I'),
    ] {
        let statements = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]);
        assert_eq!(asked(statements, caller.clone()), expected, "{PRINCIPAL} {principal} {caller:?}");
    }
    assert_eq!(asked(json!([{"Effect": "Allow", "Action": "*"}]), session()), 'U', "a trust policy has principals");
}

#[test]
fn all_but_some_principals() {
    let bob = json!(["arn:aws:iam::444455556666:user/Bob", "arn:aws:iam::444455556666:root"]);
    let audit = json!([
        "arn:aws:sts::444455556666:assumed-role/reader/audit",
        "arn:aws:iam::444455556666:role/reader",
        "arn:aws:iam::444455556666:root",
    ]);
    let without = |list: &Value, index: usize| {
        let mut list = list.as_array().unwrap().clone();
        list.remove(index);
        Value::from(list)
    };
    let root = || Caller::root("aws", &account("444455556666"));
    let stranger = || Caller::someone_of("aws", &account("666666666666"));
    for (listed, caller, deny, allow) in [
        (bob.clone(), user("Bob"), 'A', 'I'),
        (bob.clone(), user("Alice"), 'E', 'U'),
        (bob.clone(), root(), 'A', 'I'),
        (bob.clone(), stranger(), 'E', 'A'),
        (bob.clone(), Caller::Anonymous, 'E', 'A'),
        (bob.clone(), Caller::Service("ec2.amazonaws.com".into()), 'E', 'A'),
        (without(&bob, 1), user("Bob"), 'U', 'U'),
        (without(&bob, 1), user("Alice"), 'E', 'A'),
        (audit.clone(), session(), 'A', 'I'),
        (without(&audit, 0), session(), 'A', 'U'),
        (without(&audit, 1), session(), 'U', 'U'),
        (without(&audit, 2), session(), 'U', 'U'),
        (json!(["arn:aws:iam::444455556666:root"]), session(), 'E', 'U'),
        (json!(["*"]), session(), 'A', 'I'),
    ] {
        let all = json!({"Effect": "Allow", "Action": "*", "Principal": "*"});
        let denied = json!([all, {"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": listed}}]);
        assert_eq!(asked(denied, caller.clone()), deny, "{NOT_PRINCIPAL} Deny {listed} {caller:?}");
        let allowed = json!([{"Effect": "Allow", "Action": "*", "NotPrincipal": {"AWS": listed}}]);
        assert_eq!(asked(allowed, caller.clone()), allow, "{NOT_PRINCIPAL} Allow {listed} {caller:?}");
    }
}
