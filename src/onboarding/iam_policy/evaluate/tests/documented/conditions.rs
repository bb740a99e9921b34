//! Condition operators, set operators, and policy variables.

use super::*;

type Keys<'a> = &'a [(&'a str, &'a [&'a str])];

const OPERATORS: &str = "reference_policies_elements_condition_operators.html";
const SETS: &str = "reference_policies_condition-single-vs-multi-valued-context-keys.html";
const MULTIPLE: &str = "reference_policies_condition-logic-multiple-context-keys-or-values.html";
const VARIABLES: &str = "reference_policies_variables.html";

/// Returns whether a condition holds: it is the only one of a statement that allows everything.
fn holds(version: &str, condition: Value, keys: Keys<'_>) -> char {
    let text = json!({"Version": version, "Statement":
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}});
    let document = super::super::super::super::decode_document(&text.to_string()).unwrap();
    let context = keys.iter().fold(RequestContext::others_absent(), |context, (key, values)| match values {
        ["<unknown>"] => context.with(key, KeyValue::Unknown),
        ["<present>"] => context.with(key, KeyValue::Present),
        values => context.with_values(key, values),
    });
    let request = AccessRequest::new(Caller::Anonymous, "s3:GetObject", "*", context);
    let policies = IdentityPolicies::of(vec![NamedPolicy::new("p", document)]);
    letter(&evaluate(&policies, None, &request))
}

fn check(rows: Vec<(&str, Value, Keys<'_>, char)>) {
    for (page, condition, keys, expected) in rows {
        assert_eq!(holds("2012-10-17", condition.clone(), keys), expected, "{page} {condition} {keys:?}");
    }
}

#[test]
fn string_operators() {
    const JOB: &str = "aws:PrincipalTag/job-category";
    check(vec![
        (OPERATORS, json!({"StringEquals": {JOB: "iamuser-admin"}}), &[(JOB, &["iamuser-admin"])], 'A'),
        (OPERATORS, json!({"StringEquals": {JOB: "iamuser-admin"}}), &[(JOB, &["IAMuser-admin"])], 'I'),
        (OPERATORS, json!({"StringEquals": {JOB: "iamuser-admin"}}), &[], 'I'),
        (OPERATORS, json!({"StringEquals": {JOB: "iam*"}}), &[(JOB, &["iamuser-admin"])], 'I'),
        (OPERATORS, json!({"stringequals": {"AWS:principaltag/JOB-category": "x"}}), &[(JOB, &["x"])], 'A'),
        (OPERATORS, json!({"StringNotEquals": {JOB: "x"}}), &[(JOB, &["x"])], 'I'),
        (OPERATORS, json!({"StringNotEquals": {JOB: "x"}}), &[(JOB, &["X"])], 'A'),
        (OPERATORS, json!({"StringNotEquals": {JOB: "x"}}), &[], 'A'),
        (OPERATORS, json!({"StringEqualsIgnoreCase": {JOB: "x"}}), &[(JOB, &["X"])], 'A'),
        (OPERATORS, json!({"StringNotEqualsIgnoreCase": {JOB: "x"}}), &[(JOB, &["X"])], 'I'),
        (OPERATORS, json!({"StringLike": {JOB: "iam*-?dmin"}}), &[(JOB, &["iamuser-admin"])], 'A'),
        (OPERATORS, json!({"StringLike": {JOB: "IAM*"}}), &[(JOB, &["iamuser-admin"])], 'I'),
        (OPERATORS, json!({"StringNotLike": {JOB: "iam*"}}), &[(JOB, &["iamuser-admin"])], 'I'),
        (OPERATORS, json!({"StringNotLike": {JOB: "iam*"}}), &[], 'A'),
        (OPERATORS, json!({"StringResembles": {JOB: "x"}}), &[(JOB, &["x"])], 'U'),
        (OPERATORS, json!({"StringEquals": {JOB: "x"}}), &[(JOB, &["<unknown>"])], 'U'),
        (OPERATORS, json!({"StringLike": {JOB: "*"}}), &[(JOB, &["<present>"])], 'A'),
        (OPERATORS, json!({"StringLike": {JOB: "*"}}), &[(JOB, &["<unknown>"])], 'U'),
        (OPERATORS, json!({"StringLikeIfExists": {JOB: "*"}}), &[(JOB, &["<unknown>"])], 'A'),
        (OPERATORS, json!({"StringNotLike": {JOB: "*"}}), &[(JOB, &["<present>"])], 'I'),
    ]);
}

#[test]
fn numbers_dates_booleans_and_binary_values() {
    const KEYS: &str = "s3:max-keys";
    const ISSUED: &str = "aws:TokenIssueTime";
    const NOW: &str = "aws:CurrentTime";
    const SECURE: &str = "aws:SecureTransport";
    check(vec![
        (OPERATORS, json!({"NumericLessThanEquals": {KEYS: "10"}}), &[(KEYS, &["10"])], 'A'),
        (OPERATORS, json!({"NumericLessThanEquals": {KEYS: 10}}), &[(KEYS, &["11"])], 'I'),
        (OPERATORS, json!({"NumericLessThanEquals": {KEYS: "10"}}), &[], 'I'),
        (OPERATORS, json!({"NumericLessThan": {KEYS: "10"}}), &[(KEYS, &["9.99"])], 'A'),
        (OPERATORS, json!({"NumericEquals": {KEYS: "10"}}), &[(KEYS, &["10.0"])], 'A'),
        (OPERATORS, json!({"NumericNotEquals": {KEYS: "10"}}), &[(KEYS, &["10"])], 'I'),
        (OPERATORS, json!({"NumericNotEquals": {KEYS: "10"}}), &[], 'A'),
        (OPERATORS, json!({"NumericGreaterThan": {KEYS: "9"}}), &[(KEYS, &["10"])], 'A'),
        (OPERATORS, json!({"NumericGreaterThanEquals": {KEYS: "-1"}}), &[(KEYS, &["-1"])], 'A'),
        (OPERATORS, json!({"NumericEquals": {KEYS: "ten"}}), &[(KEYS, &["10"])], 'U'),
        (
            OPERATORS,
            json!({"DateGreaterThan": {ISSUED: "2020-01-01T00:00:01Z"}}),
            &[(ISSUED, &["2020-06-01T00:00:00Z"])],
            'A',
        ),
        (
            OPERATORS,
            json!({"DateGreaterThan": {ISSUED: "2020-01-01T00:00:01Z"}}),
            &[(ISSUED, &["2019-06-01T00:00:00Z"])],
            'I',
        ),
        (OPERATORS, json!({"DateGreaterThan": {ISSUED: "2020-01-01T00:00:01Z"}}), &[], 'I'),
        (OPERATORS, json!({"DateLessThan": {NOW: "1577836801"}}), &[(NOW, &["2020-01-01T00:00:00Z"])], 'A'),
        (OPERATORS, json!({"DateEquals": {NOW: "2020-01-01"}}), &[(NOW, &["1577836800"])], 'A'),
        (OPERATORS, json!({"DateNotEquals": {NOW: "2020-01-01"}}), &[(NOW, &["1577836800"])], 'I'),
        (OPERATORS, json!({"DateLessThanEquals": {NOW: "2020-*"}}), &[(NOW, &["1577836800"])], 'U'),
        (OPERATORS, json!({"Bool": {SECURE: "false"}}), &[(SECURE, &["false"])], 'A'),
        (OPERATORS, json!({"Bool": {SECURE: false}}), &[(SECURE, &["true"])], 'I'),
        (OPERATORS, json!({"Bool": {SECURE: true}}), &[(SECURE, &["true"])], 'A'),
        (OPERATORS, json!({"Bool": {SECURE: "false"}}), &[], 'I'),
        (OPERATORS, json!({"BoolIfExists": {SECURE: "false"}}), &[], 'A'),
        (
            OPERATORS,
            json!({"BinaryEquals": {"a:b": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}),
            &[("a:b", &["QmluYXJ5VmFsdWVJbkJhc2U2NA=="])],
            'A',
        ),
        (OPERATORS, json!({"BinaryEquals": {"a:b": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}), &[("a:b", &["QmluYXJ5"])], 'I'),
    ]);
}

#[test]
fn addresses_and_arns() {
    const IP: &str = "aws:SourceIp";
    const ARN: &str = "aws:SourceArn";
    let both = || json!({"IpAddress": {IP: ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}});
    let finance = "arn:aws:someservice:*:111122223333:finance/*";
    let document = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    check(vec![
        (OPERATORS, both(), &[(IP, &["203.0.113.255"])], 'A'),
        (OPERATORS, both(), &[(IP, &["2001:db8:1234:5678:1::2"])], 'A'),
        (OPERATORS, both(), &[(IP, &["203.0.114.1"])], 'I'),
        (OPERATORS, both(), &[], 'I'),
        (OPERATORS, json!({"NotIpAddress": {IP: ["203.0.113.0/24", "10.0.0.1"]}}), &[(IP, &["10.0.0.1"])], 'I'),
        (OPERATORS, json!({"NotIpAddress": {IP: "203.0.113.0/24"}}), &[], 'A'),
        (OPERATORS, json!({"IpAddress": {IP: "0.0.0.0/0"}}), &[(IP, &["198.51.100.7"])], 'A'),
        (OPERATORS, json!({"StringLike": {ARN: finance}}), &[(ARN, &[document])], 'A'),
        (OPERATORS, json!({"ArnLike": {ARN: finance}}), &[(ARN, &[document])], 'I'),
        (
            OPERATORS,
            json!({"ArnEquals": {ARN: finance}}),
            &[(ARN, &["arn:aws:someservice:eu-west-1:111122223333:finance/a"])],
            'A',
        ),
        (
            OPERATORS,
            json!({"ArnNotEquals": {ARN: finance}}),
            &[(ARN, &["arn:aws:someservice:eu-west-1:111122223333:finance/a"])],
            'I',
        ),
        (OPERATORS, json!({"ArnNotLike": {ARN: finance}}), &[], 'A'),
        (
            OPERATORS,
            json!({"ArnEquals": {ARN: "arn:aws:sns:eu-west-1:123456789012:T"}}),
            &[(ARN, &["arn:aws:sns:eu-west-1:123456789012:t"])],
            'I',
        ),
        (OPERATORS, json!({"ArnLike": {ARN: "arn:aws:*"}}), &[(ARN, &["arn:aws:sns:eu-west-1:123456789012:t"])], 'U'),
        (
            OPERATORS,
            json!({"ArnLike": {ARN: "arn:aws-cn:*"}}),
            &[(ARN, &["arn:aws:sns:eu-west-1:123456789012:t"])],
            'I',
        ),
    ]);
}

#[test]
fn absent_keys() {
    const TYPE: &str = "ec2:InstanceType";
    const ISSUED: &str = "aws:TokenIssueTime";
    let types = || json!(["t1.*", "t2.*", "m3.*"]);
    check(vec![
        (OPERATORS, json!({"StringLike": {TYPE: types()}}), &[], 'I'),
        (OPERATORS, json!({"StringLikeIfExists": {TYPE: types()}}), &[], 'A'),
        (OPERATORS, json!({"StringLikeIfExists": {TYPE: types()}}), &[(TYPE, &["t2.nano"])], 'A'),
        (OPERATORS, json!({"StringLikeIfExists": {TYPE: types()}}), &[(TYPE, &["c5.large"])], 'I'),
        (OPERATORS, json!({"StringNotEqualsIfExists": {TYPE: "x"}}), &[], 'A'),
        (OPERATORS, json!({"Null": {ISSUED: "true"}}), &[], 'A'),
        (OPERATORS, json!({"Null": {ISSUED: "true"}}), &[(ISSUED, &["2020-01-01T00:00:00Z"])], 'I'),
        (OPERATORS, json!({"Null": {ISSUED: false}}), &[(ISSUED, &["2020-01-01T00:00:00Z"])], 'A'),
        (OPERATORS, json!({"Null": {ISSUED: "false"}}), &[], 'I'),
        (OPERATORS, json!({"Null": {ISSUED: "false"}}), &[(ISSUED, &["<present>"])], 'A'),
        (OPERATORS, json!({"Null": {ISSUED: "false"}}), &[(ISSUED, &["<unknown>"])], 'U'),
        (OPERATORS, json!({"Null": {ISSUED: ["true", "false"]}}), &[(ISSUED, &["<unknown>"])], 'A'),
        (OPERATORS, json!({"NullIfExists": {ISSUED: "true"}}), &[], 'U'),
    ]);
}

#[test]
fn set_operators_and_several_values() {
    const TAGS: &str = "aws:TagKeys";
    const ATTRIBUTES: &str = "dynamodb:requestedAttributes";
    let allowed = || json!({"ForAllValues:StringLike": {ATTRIBUTES: ["PostDateTime", "Message", "Tags"]}});
    let any = || json!({"ForAnyValue:StringLike": {ATTRIBUTES: ["ID", "PostDateTime"]}});
    let preprod = || json!({"ForAnyValue:StringEquals": {TAGS: ["environment", "webserver"]}});
    let negated = || json!({"ForAllValues:StringNotEquals": {TAGS: ["a", "b"]}});
    let any_negated = || json!({"ForAnyValue:StringNotEquals": {TAGS: ["a", "b"]}});
    check(vec![
        (SETS, allowed(), &[(ATTRIBUTES, &["PostDateTime", "Message"])], 'A'),
        (SETS, allowed(), &[(ATTRIBUTES, &["PostDateTime", "UserName"])], 'I'),
        (SETS, allowed(), &[], 'A'),
        (SETS, allowed(), &[(ATTRIBUTES, &[""])], 'A'),
        (SETS, any(), &[(ATTRIBUTES, &["UserName", "Message", "PostDateTime"])], 'A'),
        (SETS, any(), &[(ATTRIBUTES, &["UserName"])], 'I'),
        (SETS, any(), &[], 'I'),
        (SETS, any(), &[(ATTRIBUTES, &[""])], 'I'),
        (SETS, preprod(), &[(TAGS, &["webserver", "other"])], 'A'),
        (SETS, preprod(), &[(TAGS, &["WebServer"])], 'I'),
        (SETS, negated(), &[(TAGS, &["c", "d"])], 'A'),
        (SETS, negated(), &[(TAGS, &["c", "a"])], 'I'),
        (SETS, negated(), &[], 'A'),
        (SETS, any_negated(), &[(TAGS, &["c", "a"])], 'A'),
        (SETS, any_negated(), &[(TAGS, &["b", "a"])], 'I'),
        (SETS, any_negated(), &[], 'I'),
        (SETS, json!({"StringEquals": {TAGS: "a"}}), &[(TAGS, &["a", "b"])], 'U'),
        (SETS, json!({"StringEquals": {TAGS: ["a", "b"]}}), &[(TAGS, &["a", "b"])], 'A'),
        (SETS, json!({"ForAnyValue:StringEqualsIfExists": {TAGS: "a"}}), &[], 'U'),
        (MULTIPLE, json!({"StringEquals": {"a:b": ["x", "y"]}}), &[("a:b", &["y"])], 'A'),
        (MULTIPLE, json!({"StringNotEquals": {"a:b": ["x", "y"]}}), &[("a:b", &["y"])], 'I'),
        (MULTIPLE, json!({"StringNotEquals": {"a:b": ["x", "y"]}}), &[("a:b", &["z"])], 'A'),
        (MULTIPLE, json!({"StringEquals": {"a:b": "x", "a:c": "y"}}), &[("a:b", &["x"]), ("a:c", &["z"])], 'I'),
        (MULTIPLE, json!({"StringEquals": {"a:b": "x"}, "ArnLike": {"a:c": "*"}}), &[("a:b", &["x"])], 'I'),
        (
            MULTIPLE,
            json!({"StringEquals": {"a:b": "x"}, "Bool": {"a:c": true}}),
            &[("a:b", &["y"]), ("a:c", &["<unknown>"])],
            'I',
        ),
        (MULTIPLE, json!({"StringEquals": {"a:b": []}}), &[("a:b", &["x"])], 'I'),
        (MULTIPLE, json!({"StringNotEquals": {"a:b": []}}), &[("a:b", &["x"])], 'A'),
    ]);
}

#[test]
fn variables_of_conditions() {
    const TEAM: &str = "aws:PrincipalTag/Team";
    const OBJECT: &str = "s3:ExistingObjectTag/Team";
    check(vec![
        (
            VARIABLES,
            json!({"StringLike": {"s3:prefix": "${aws:username}/*"}}),
            &[("s3:prefix", &["bob/x"]), ("aws:username", &["bob"])],
            'A',
        ),
        (
            VARIABLES,
            json!({"StringLike": {"s3:prefix": "${aws:username}/*"}}),
            &[("s3:prefix", &["eve/x"]), ("aws:username", &["bob"])],
            'I',
        ),
        (VARIABLES, json!({"StringEquals": {OBJECT: format!("${{{TEAM}}}")}}), &[(OBJECT, &["red"])], 'I'),
        (VARIABLES, json!({"StringNotEquals": {OBJECT: format!("${{{TEAM}}}")}}), &[(OBJECT, &["red"])], 'A'),
        (
            VARIABLES,
            json!({"StringNotEquals": {OBJECT: format!("${{{TEAM}}}")}}),
            &[(OBJECT, &["red"]), (TEAM, &["red"])],
            'I',
        ),
        (
            VARIABLES,
            json!({"StringLike": {OBJECT: "${aws:PrincipalTag/Team, 'company-wide'}"}}),
            &[(OBJECT, &["company-wide"])],
            'A',
        ),
        (
            VARIABLES,
            json!({"StringLike": {OBJECT: "${aws:PrincipalTag/Team, 'company-wide'}"}}),
            &[(OBJECT, &["company-wide"]), (TEAM, &["red"])],
            'I',
        ),
        (VARIABLES, json!({"StringLike": {OBJECT: "a${*}"}}), &[(OBJECT, &["a*"])], 'A'),
        (VARIABLES, json!({"StringLike": {OBJECT: "a${*}"}}), &[(OBJECT, &["ab"])], 'I'),
        (
            VARIABLES,
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::${aws:username}"}}),
            &[("aws:SourceArn", &["arn:aws:s3:::bob"]), ("aws:username", &["bob"])],
            'A',
        ),
        (VARIABLES, json!({"NumericEquals": {"a:b": "${a:c}"}}), &[("a:b", &["1"]), ("a:c", &["1"])], 'U'),
    ]);
    for version in ["2008-10-17", "2012-10-17"] {
        let condition = || json!({"StringEquals": {"a:b": "${aws:username}"}});
        let literal = holds(version, condition(), &[("a:b", &["${aws:username}"]), ("aws:username", &["bob"])]);
        assert_eq!(literal, if version == "2008-10-17" { 'A' } else { 'I' });
    }
}
