use super::*;
use serde_json::json;

mod properties;

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(Request)).unwrap()
}

fn read(value: &Value) -> Result<Request, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    let request = Request::read(value, "request", &mut errors);
    if !errors.is_empty() {
        assert_ne!(request.accounts, Accounts::All, "a refused request asks for all accounts");
    }
    errors.into_result(request)
}

fn refusal(value: Value) -> String {
    read(&value).unwrap_err().to_string()
}

fn ids(texts: &[&str]) -> Vec<AccountId> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_whole_request_is_read() {
    let value = json!({
        "run_id": "nightly-2026-11-21", "scheduled_at": "2026-11-21T03:00:00Z",
        "accounts": ["111122223333", "000000000001"], "tags": {"tier": "gold", "empty": ""},
        "exclude": ["444455556666"], "skip_unknown": true, "regions": ["eu-*", "us-east-1"],
        "resources": ["ec2_*", "route53_records"], "format": "parquet", "inline": true
    });
    let request = read(&value).unwrap();
    assert_eq!(request.accounts, Accounts::Named(ids(&["111122223333", "000000000001"])));
    assert_eq!(request.format, Some(Format::Parquet));
    assert_eq!(request.regions, Some(vec!["eu-*".to_owned(), "us-east-1".to_owned()]));
    assert!(request.skip_unknown && request.inline && request.narrows());
    assert_eq!(serde_json::to_value(&request).unwrap(), value);
    assert!(jsonschema::is_valid(&schema(), &value));
}

#[test]
fn what_is_not_said_is_left_out() {
    let request = read(&json!({"accounts": "all", "inline": false})).unwrap();
    assert_eq!(request, Request::of(Accounts::All));
    assert_eq!(serde_json::to_value(&request).unwrap(), json!({"accounts": "all"}));
}

#[test]
fn every_problem_is_named_at_once() {
    let value = json!({
        "run_id": "../x", "scheduled_at": "tomorrow",
        "accounts": ["111122223333", 111122223333_u64, "1", "all", "111122223333", null,
            {"account_id": "111122223333", "role_arn": "arn:aws:iam::111122223333:role/x"}],
        "tags": {"tier": 1, "": "x"}, "exclude": [], "skip_unknown": "no",
        "regions": ["eu-[wc]*", "EU", "eu-*", "eu-*"], "resources": ["ec2_[", ""],
        "format": "csv", "inline": 1, "acounts": "all", "colour": "s3cr3t",
        "role_arn": "s3cr3t", "externalId": "s3cr3t", "Role-ARN": "s3cr3t", "via": "s3cr3t", "customer_role_arns": []
    });
    let message = refusal(value);
    assert!(!message.contains("s3cr3t"));
    insta::assert_snapshot!(message, @r#"
    request.Role-ARN: an event may not carry it: the registry is the only place for role ARNs and external IDs
    request.acounts: is not a known field: did you mean `accounts`? known are run_id, scheduled_at, accounts, tags, exclude, skip_unknown, regions, resources, format, inline
    request.colour: is not a known field: known are run_id, scheduled_at, accounts, tags, exclude, skip_unknown, regions, resources, format, inline
    request.customer_role_arns: an event may not carry it: the registry is the only place for role ARNs and external IDs
    request.externalId: an event may not carry it: the registry is the only place for role ARNs and external IDs
    request.role_arn: an event may not carry it: the registry is the only place for role ARNs and external IDs
    request.via: an event may not carry it: the registry is the only place for role ARNs and external IDs
    request.run_id: `../x` is not a run id: write 1 to 55 letters, digits, dots, underscores or hyphens, a letter or digit first
    request.scheduled_at: `tomorrow` is no time: write one with its offset, as in 2026-11-21T03:00:00Z
    request.accounts[1]: is a number, which loses leading zeros: write the account's 12 digits in quotes
    request.accounts[2]: `1` is not an account id: write its 12 digits, in quotes
    request.accounts[3]: is "all" within a list: write "accounts": "all", or account ids alone
    request.accounts[4]: is the same as request.accounts[0]: name it once
    request.accounts[5]: is null: write the account's 12 digits, in quotes
    request.accounts[6]: is an object: write the account's 12 digits alone, in quotes; what belongs to it (role ARN, external ID) has its only place in the registry
    request.tags: has an entry without a name: name it, or take it out
    request.tags.tier: is a number: it must be a text, in quotes
    request.exclude: is an empty list, which never means all: name at least one, or leave the field out
    request.skip_unknown: is a text: it must be true or false, without quotes
    request.regions[0]: `eu-[wc]*` could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1
    request.regions[1]: `EU` could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1
    request.regions[3]: is the same as request.regions[2]: name it once
    request.resources[0]: `ec2_[` is not a glob (unclosed character class; missing ']'): write one as ec2_* or route53_records
    request.resources[1]: `` is not a glob (it is empty): write one as ec2_* or route53_records
    request.format: `csv` is not a format: write "parquet" or "ndjson"
    request.inline: is a number: it must be true or false, without quotes
    "#);
}

#[test]
fn what_is_wrong_with_accounts_is_told_for_each_kind() {
    let wrong = [
        json!({}),
        json!({"accounts": []}),
        json!({"accounts": "ALL"}),
        json!({"accounts": "*"}),
        json!({"accounts": "some"}),
        json!({"accounts": "111122223333"}),
        json!({"accounts": null}),
        json!({"accounts": {"all": true}}),
        json!({"accounts": 1}),
    ];
    insta::assert_snapshot!(wrong.map(refusal).join("\n"), @r#"
    request.accounts: is missing: list account ids, or write "all" for every enabled target
    request.accounts: is an empty list, which never means all: name at least one, or leave the field out
    request.accounts: is `ALL`: for every enabled target write "all", in lower case
    request.accounts: is `*`: for every enabled target write "all", in lower case
    request.accounts: is `some`: list account ids, or write "all" for every enabled target
    request.accounts: is one account id: write it as a list, ["111122223333"]
    request.accounts: is null: it must be a list, [...]
    request.accounts: is an object: it must be a list, [...]
    request.accounts: is a number: it must be a list, [...]
    "#);
}

#[test]
fn nothing_is_left_out_by_null_or_emptiness() {
    let wrong = [
        json!(null),
        json!([]),
        json!("all"),
        json!({"accounts": "all", "regions": null}),
        json!({"accounts": "all", "regions": []}),
        json!({"accounts": "all", "regions": "eu-*"}),
        json!({"accounts": "all", "resources": []}),
        json!({"accounts": "all", "tags": {}}),
        json!({"accounts": "all", "tags": ["gold"]}),
        json!({"accounts": "all", "exclude": [[]]}),
        json!({"accounts": "all", "run_id": null}),
    ];
    insta::assert_snapshot!(wrong.map(refusal).join("\n"), @r"
    request: is null: it must be an object, {...}
    request: is a list: it must be an object, {...}
    request: is a text: it must be an object, {...}
    request.regions: is null: it must be a list, [...]
    request.regions: is an empty list, which never means all: name at least one, or leave the field out
    request.regions: is a text: it must be a list, [...]
    request.resources: is an empty list, which never means all: name at least one, or leave the field out
    request.tags: names no tag: name at least one, or leave the field out
    request.tags: is a list: it must be an object, {...}
    request.exclude[0]: is a list: it must be a text, in quotes
    request.run_id: is null: it must be a text, in quotes
    ");
}

#[test]
fn schedule_times_are_read_strictly() {
    let wrong = ["<aws.scheduler.scheduled-time>", "1969-12-31T23:59:59Z", "2026-11-21", ""];
    let refusals = wrong.map(|time| refusal(json!({"accounts": "all", "scheduled_at": time})));
    insta::assert_snapshot!(refusals.join("\n"), @r"
    request.scheduled_at: `<aws.scheduler.scheduled-time>` is EventBridge Scheduler's own word, which only Scheduler replaces: write a time, as in 2026-11-21T03:00:00Z
    request.scheduled_at: `1969-12-31T23:59:59Z` is before 1970: write the time of the schedule
    request.scheduled_at: `2026-11-21` is no time: write one with its offset, as in 2026-11-21T03:00:00Z
    request.scheduled_at: `` is no time: write one with its offset, as in 2026-11-21T03:00:00Z
    ");
    let request = read(&json!({"accounts": "all", "scheduled_at": "2026-11-21T05:00:00+02:00"})).unwrap();
    assert_eq!(request.scheduled_at, Some("2026-11-21T03:00:00Z".parse().unwrap()));
}

#[test]
fn narrowing_is_anything_that_asks_for_less() {
    let whole = [
        json!({}),
        json!({"run_id": "x", "scheduled_at": "2026-11-21T03:00:00Z", "format": "ndjson"}),
        json!({"inline": true, "skip_unknown": true}),
        json!({"regions": ["eu-*", "*"], "resources": ["*"]}),
    ];
    let less = [
        json!({"tags": {"a": ""}}),
        json!({"exclude": ["111122223333"]}),
        json!({"regions": ["*-1"]}),
        json!({"resources": ["ec2_*"]}),
        json!({"accounts": ["111122223333"]}),
    ];
    let narrows = |mut value: Value| {
        if value.get("accounts").is_none() {
            value["accounts"] = json!("all");
        }
        read(&value).unwrap().narrows()
    };
    assert!(!whole.into_iter().any(narrows));
    assert!(less.into_iter().all(narrows));
}

#[test]
fn a_request_is_read_back_or_refused_by_serde() {
    let request: Request = serde_json::from_str(r#"{"accounts": ["111122223333"]}"#).unwrap();
    assert_eq!(request, Request::of(Accounts::Named(ids(&["111122223333"]))));
    assert!(serde_json::from_str::<Request>(r#"{"accounts": []}"#).is_err());
}

#[test]
fn the_schema_says_what_reading_asks() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["required"], json!(["accounts"]));
    let mut described: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = FIELDS.to_vec();
    described.sort_unstable();
    known.sort_unstable();
    assert_eq!(described, known);
    for wrong in [
        json!({}),
        json!({"accounts": []}),
        json!({"accounts": "ALL"}),
        json!({"accounts": "all", "regions": null}),
        json!({"accounts": "all", "regions": []}),
        json!({"accounts": "all", "regions": ["EU"]}),
        json!({"accounts": "all", "tags": {}}),
        json!({"accounts": "all", "tags": {"": "x"}}),
        json!({"accounts": ["111122223333", "111122223333"]}),
        json!({"accounts": "all", "role_arn": "x"}),
        json!({"accounts": "all", "exclude": []}),
        json!({"accounts": "all", "resources": [""]}),
        json!({"accounts": "all", "run_id": ".."}),
        json!({"accounts": "all", "format": "csv"}),
    ] {
        assert!(!jsonschema::is_valid(&schema, &wrong), "the schema lets {wrong} pass");
        assert!(read(&wrong).is_err(), "{wrong} is read");
    }
}
