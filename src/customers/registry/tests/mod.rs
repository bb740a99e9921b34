use super::*;
use crate::input::ValidationErrors;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

mod properties;

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(RegistryFile)).unwrap()
}

fn read(value: &Value) -> Result<Registry, ValidationErrors> {
    Registry::read(&serde_json::to_vec(value).unwrap(), "aws")
}

fn refusal(value: Value) -> String {
    let message = read(&value).unwrap_err().to_string();
    assert!(!message.contains("s3cr3t"), "{message}");
    message
}

/// Returns the error for a registry with one valid target whose fields are replaced by these.
fn refusal_of_target(fields: Value) -> String {
    let mut target = json!({"account_id": "111122223333", "external_id": "s3cr3t-1"});
    for (name, value) in fields.as_object().unwrap() {
        target[name] = value.clone();
    }
    refusal(json!({"version": 1, "targets": [target]}))
}

#[test]
fn a_whole_registry_is_read() {
    let value = json!({
        "version": 1,
        "defaults": {"role_name": "roll", "regions": ["eu-*", "us-east-1"]},
        "targets": [
            {"account_id": "111122223333", "external_id": "s3cr3t-1", "name": "acme-prod", "customer": "acme",
             "role_arn": "arn:aws:iam::111122223333:role/team/roll", "via": "arn:aws:iam::999999999999:role/hub",
             "regions": ["*"], "tags": {"tier": "gold"}, "enabled": false},
            {"account_id": "222233334444", "external_id": "s3cr3t-1", "customer": "acme"},
            {"account_id": "333344445555", "external_id": null},
            {"account_id": "444455556666", "external_id": null, "role_arn": null}
        ]
    });
    assert!(jsonschema::is_valid(&schema(), &value));
    let registry = read(&value).unwrap();
    assert_eq!(registry.version, 1);
    let [first, second, third, fourth] = &registry.targets[..] else { panic!() };
    let assume = |arn: &str| TargetRole::Assume { role_arn: arn.to_owned() };
    assert_eq!(first.role, assume("arn:aws:iam::111122223333:role/team/roll"));
    assert_eq!(first.via.as_deref(), Some("arn:aws:iam::999999999999:role/hub"));
    assert_eq!((first.enabled, first.regions.as_slice()), (false, &["*".to_owned()][..]));
    assert!(first.has_tags(&BTreeMap::from([("tier".to_owned(), "gold".to_owned())])));
    assert!(!second.has_tags(&BTreeMap::from([("tier".to_owned(), "gold".to_owned())])));
    assert_eq!(second.role, assume("arn:aws:iam::222233334444:role/roll"));
    assert_eq!(second.regions, ["eu-*", "us-east-1"]);
    assert_eq!(second.external_id.as_ref().unwrap().expose_secret(), "s3cr3t-1");
    assert!(second.enabled && third.external_id.is_none());
    assert_eq!(fourth.role, TargetRole::OwnCredentials);
    assert_eq!(registry.target(&third.account_id).map(|target| &target.account_id), Some(&third.account_id));
    assert!(registry.target(&"000000000000".parse().unwrap()).is_none());
    assert!(!format!("{registry:?}").contains("s3cr3t"));
}

#[test]
fn defaults_stand_in_for_what_nobody_says() {
    let value = json!({"version": 1, "targets": [{"account_id": "111122223333", "external_id": null}]});
    let registry = Registry::read(&serde_json::to_vec(&value).unwrap(), "aws-cn").unwrap();
    let target = &registry.targets[0];
    let role_arn = "arn:aws-cn:iam::111122223333:role/rolecall-inventory".to_owned();
    assert_eq!(target.role, TargetRole::Assume { role_arn });
    assert_eq!(target.regions, ["*"]);
    assert!(target.enabled && target.tags.is_empty());
}

#[test]
fn what_is_wrong_with_the_file_is_told() {
    let wrong = [
        json!([]),
        json!({}),
        json!({"version": 2, "targets": []}),
        json!({"version": "1", "targets": {}, "target": "s3cr3t"}),
        json!({"version": 1, "targets": ["s3cr3t"]}),
        json!({"version": 1, "targets": [{}], "defaults": {"role_name": "team/x", "regions": [], "via": "s3cr3t"}}),
        json!({"version": 1, "targets": [{"account_id": "111122223333", "external_id": null}], "defaults": null}),
    ];
    insta::assert_snapshot!(wrong.map(refusal).join("\n"), @r#"
    registry: is a list: it must be an object, {...}
    registry.version: is missing: write "version": 1
    registry.targets: has no targets: add one with its account_id and external_id for every account to inventory
    registry.version: is not 1, the only version that this rolecall reads
    registry.targets: has no targets: add one with its account_id and external_id for every account to inventory
    registry.target: is not a known field: did you mean `targets`? known are version, defaults, targets, organizations
    registry.version: is not 1, the only version that this rolecall reads
    registry.targets: is an object: it must be a list, [...]
    registry.targets[0]: is a text: it must be an object, {...}
    registry.defaults.via: is not a known field: known are role_name, regions
    registry.defaults.role_name: `team/x` is not a role name: write 1 to 64 letters, digits and _+=,.@- without a path (a role with a path needs its own role_arn)
    registry.defaults.regions: is an empty list, which never means all: name at least one, or leave the field out
    registry.targets[0].account_id: is missing: write the account's 12 digits, in quotes
    registry.targets[0].external_id: is missing: write the one that the account's role asks for, or, for an organization's own account whose role asks for none, "external_id": null
    registry.defaults: is null: it must be an object, {...}
    "#);
    let text = br#"{"version": 1, "targets": [{"account_id": "111122223333", "external_id": "s3cr3t", "external_id": "s3cr3t"}]}"#;
    insta::assert_snapshot!(Registry::read(text, "aws").unwrap_err(), @"registry.targets[0]: gives the field `external_id` twice: keep one of them");
    insta::assert_snapshot!(Registry::read(b"", "aws").unwrap_err(), @"registry: is empty: it must be a JSON object");
}

#[test]
fn what_is_wrong_with_a_target_is_told() {
    let wrong = [
        json!({"account_id": "12"}),
        json!({"account_id": 111122223333_u64}),
        json!({"role_arn": "rolecall"}),
        json!({"role_arn": "arn:aws:iam::999999999999:role/x"}),
        json!({"role_arn": "arn:aws-us-gov:iam::111122223333:role/x"}),
        json!({"role_arn": 7}),
        json!({"role_arn": format!("arn:aws:iam::111122223333:role/{}", "x".repeat(65))}),
        json!({"external_id": "s3cr3t!"}),
        json!({"external_id": "x"}),
        json!({"external_id": ["s3cr3t"]}),
        json!({"via": "hub"}),
        json!({"via": "arn:aws-cn:iam::999999999999:role/hub"}),
        json!({"via": null}),
        json!({"role_arn": null}),
        json!({"role_arn": null, "external_id": null, "via": "arn:aws:iam::999999999999:role/hub"}),
        json!({"name": "", "customer": " acme"}),
        json!({"regions": []}),
        json!({"regions": ["eu-[wc]*", "EU", "us-*", "us-*"]}),
        json!({"tags": {"tier": 1, "": "x"}}),
        json!({"enabled": "no"}),
        json!({"externalId": "s3cr3t", "role": "s3cr3t", "s3cret": "s3cr3t"}),
    ];
    insta::assert_snapshot!(wrong.map(refusal_of_target).join("\n"), @r#"
    registry.targets[0].account_id: `12` is not an account id: write its 12 digits, in quotes
    registry.targets[0].account_id: is a number: it must be a text, in quotes
    registry.targets[0].role_arn: `rolecall` is not the ARN of a role: write one as arn:aws:iam::111122223333:role/rolecall-inventory
    registry.targets[0].role_arn: is in the account 999999999999, and the target is 111122223333: correct one of them
    registry.targets[0].role_arn: is in the partition `aws-us-gov`, which a backend in `aws` cannot enter: deploy a backend there
    registry.targets[0].role_arn: is a number: it must be a text, in quotes
    registry.targets[0].role_arn: `arn:aws:iam::111122223333:role/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...` is not the ARN of a role: write one as arn:aws:iam::111122223333:role/rolecall-inventory
    registry.targets[0].external_id: is not an external ID that STS accepts: write 2 to 1224 of the characters A-Z a-z 0-9 _+=,.@:/-
    registry.targets[0].external_id: is not an external ID that STS accepts: write 2 to 1224 of the characters A-Z a-z 0-9 _+=,.@:/-
    registry.targets[0].external_id: is a list: it must be a text, in quotes
    registry.targets[0].via: `hub` is not the ARN of a role: write one as arn:aws:iam::111122223333:role/rolecall-inventory
    registry.targets[0].via: is in the partition `aws-cn`, which a backend in `aws` cannot enter: deploy a backend there
    registry.targets[0].via: is null: it must be a text, in quotes
    registry.targets[0].external_id: is given though "role_arn": null says that no role is assumed: take one of the two out
    registry.targets[0].via: is given though "role_arn": null says that no role is assumed: take one of the two out
    registry.targets[0].name: `` is not a name: write 1 to 256 characters without blanks around them
    registry.targets[0].customer: ` acme` is not a name: write 1 to 256 characters without blanks around them
    registry.targets[0].regions: is an empty list, which never means all: name at least one, or leave the field out
    registry.targets[0].regions[0]: `eu-[wc]*` could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1
    registry.targets[0].regions[1]: `EU` could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1
    registry.targets[0].regions[3]: is the same as registry.targets[0].regions[2]: name it once
    registry.targets[0].tags: has an entry without a name: name it, or take it out
    registry.targets[0].tags.tier: is a number: it must be a text, in quotes
    registry.targets[0].enabled: is a text: it must be true or false, without quotes
    registry.targets[0].externalId: is not a known field: did you mean `external_id`? known are account_id, external_id, role_arn, via, name, customer, regions, resources, tags, enabled
    registry.targets[0].role: is not a known field: known are account_id, external_id, role_arn, via, name, customer, regions, resources, tags, enabled
    registry.targets[0].s3cret: is not a known field: known are account_id, external_id, role_arn, via, name, customer, regions, resources, tags, enabled
    "#);
}

#[test]
fn an_external_id_must_be_given_or_be_null_in_so_many_words() {
    insta::assert_snapshot!(refusal(json!({"version": 1, "targets": [{"account_id": "111122223333"}]})), @r#"registry.targets[0].external_id: is missing: write the one that the account's role asks for, or, for an organization's own account whose role asks for none, "external_id": null"#);
}

#[test]
fn an_account_has_one_target() {
    let value = json!({"version": 1, "targets": [
        {"account_id": "111122223333", "external_id": null},
        {"account_id": "222233334444", "external_id": null, "enabled": false},
        {"account_id": "111122223333", "external_id": null},
        {"account_id": "222233334444", "external_id": null}
    ]});
    insta::assert_snapshot!(refusal(value), @r"
    registry.targets[2].account_id: is the same as registry.targets[0].account_id: keep one target for an account
    registry.targets[3].account_id: is the same as registry.targets[1].account_id: keep one target for an account
    ");
}

#[test]
fn one_external_id_serves_one_customer() {
    let target = |account: u64, customer: Value| {
        let mut target = json!({"account_id": format!("{account:012}"), "external_id": "s3cr3t-1"});
        if !customer.is_null() {
            target["customer"] = customer;
        }
        target
    };
    let of = |customers: &[Value]| {
        let targets: Vec<Value> =
            (1..).zip(customers).map(|(account, customer)| target(account, customer.clone())).collect();
        json!({"version": 1, "targets": targets})
    };
    let (acme, other) = (json!("acme"), json!("other"));
    assert!(read(&of(&[acme.clone(), acme.clone(), acme.clone()])).is_ok());
    let nobody_twice = of(&[Value::Null, Value::Null]);
    insta::assert_snapshot!(refusal(nobody_twice), @"registry.targets[1].external_id: is the same as registry.targets[0].external_id, of another customer: give every customer an external ID of its own, or both targets the same `customer`");
    let two_customers = of(&[acme.clone(), acme.clone(), other, Value::Null]);
    insta::assert_snapshot!(refusal(two_customers), @r"
    registry.targets[2].external_id: is the same as registry.targets[0].external_id, of another customer: give every customer an external ID of its own, or both targets the same `customer`
    registry.targets[3].external_id: is the same as registry.targets[0].external_id, of another customer: give every customer an external ID of its own, or both targets the same `customer`
    ");
    let mut broken_too = of(&[acme, Value::Null]);
    broken_too["targets"][0]["account_id"] = json!("12");
    broken_too["targets"][1]["role_arn"] = json!(1);
    insta::assert_snapshot!(refusal(broken_too), @r"
    registry.targets[0].account_id: `12` is not an account id: write its 12 digits, in quotes
    registry.targets[1].external_id: is the same as registry.targets[0].external_id, of another customer: give every customer an external ID of its own, or both targets the same `customer`
    registry.targets[1].role_arn: is a number: it must be a text, in quotes
    ");
}

#[test]
fn the_schema_names_the_fields_that_reading_knows() {
    let schema = schema();
    let names = |schema: &Value| -> Vec<String> {
        assert_eq!(schema["additionalProperties"], json!(false));
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let sorted = |known: &[&str]| {
        let mut known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
        known.sort();
        known
    };
    let mut described = [names(&schema), names(&schema["$defs"]["Defaults"]), names(&schema["$defs"]["TargetEntry"])];
    described.iter_mut().for_each(|names| names.sort());
    assert_eq!(described[0], sorted(RegistryFile::FIELDS));
    assert_eq!(described[1], sorted(file::Defaults::FIELDS));
    assert_eq!(described[2], sorted(TargetEntry::FIELDS));
    assert_eq!(schema["$defs"]["TargetEntry"]["required"], json!(["account_id", "external_id"]));
    let target = |field: &str, value: Value| {
        let mut target = json!({"account_id": "111122223333", "external_id": null});
        target[field] = value;
        json!({"version": 1, "targets": [target]})
    };
    assert!(jsonschema::is_valid(&schema, &target("role_arn", Value::Null)));
    for wrong in [
        json!({"version": 1, "targets": []}),
        json!({"version": 2, "targets": [{"account_id": "111122223333", "external_id": null}]}),
        json!({"version": 1, "targets": [{"account_id": "111122223333"}]}),
        target("external_id", json!("x")),
        target("via", Value::Null),
        target("role_arn", json!("x")),
        target("regions", json!([])),
        target("regions", json!(["EU"])),
        target("other", json!(1)),
        target("enabled", Value::Null),
    ] {
        assert!(!jsonschema::is_valid(&schema, &wrong), "the schema lets {wrong} pass");
        assert!(read(&wrong).is_err(), "{wrong} is read");
    }
}
