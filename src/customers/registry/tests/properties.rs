//! Whatever is written: reading never panics, and never takes in more or other than was written.

use super::*;
use proptest::prelude::*;

/// Registries of which many are right, with the slips that people make.
fn likely_registry() -> impl Strategy<Value = Value> {
    let text = |words: &[&str]| prop::sample::select(words.iter().map(|word| json!(word)).collect::<Vec<_>>());
    let target = (
        text(&["111122223333", "222233334444", "333344445555", "444455556666", "555566667777"]),
        prop_oneof![4 => Just(Value::Null), 4 => "[a-c]{2}".prop_map(Value::from), 1 => any_json()],
        prop::option::weighted(
            0.2,
            prop_oneof![
                text(&[
                    "arn:aws:iam::111122223333:role/x",
                    "arn:aws:iam::222233334444:role/a/x",
                    "arn:aws-cn:iam::111122223333:role/x"
                ]),
                Just(Value::Null),
                any_json()
            ],
        ),
        prop::option::weighted(0.5, text(&["acme", "other"])),
        prop::option::weighted(0.2, prop::collection::vec("[a-z*]{1,3}", 0..3).prop_map(|globs| json!(globs))),
        prop::option::weighted(
            0.2,
            prop::collection::btree_map("[a-z]{0,3}", "[a-z]{0,2}", 0..3).prop_map(|tags| json!(tags)),
        ),
        prop::option::weighted(0.2, any::<bool>().prop_map(Value::from)),
        prop::option::weighted(0.05, any_json()),
    );
    let target = target.prop_map(|(account_id, external_id, role_arn, customer, regions, tags, enabled, other)| {
        let given = [
            ("account_id", Some(account_id)),
            ("external_id", Some(external_id)),
            ("role_arn", role_arn),
            ("customer", customer),
            ("regions", regions),
            ("tags", tags),
            ("enabled", enabled),
            ("via", other),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Value>()
    });
    prop::collection::vec(target, 0..4).prop_map(|targets| json!({"version": 1, "targets": targets}))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["111122223333", "arn:aws:iam::111122223333:role/x", "*", "acme"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let names: Vec<&str> = [&reader::FILE_FIELDS[..], &reader::DEFAULTS_FIELDS, &reader::TARGET_FIELDS].concat();
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names), inner, 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_accepted_is_exactly_what_was_written(value in prop_oneof![1 => any_json(), 3 => likely_registry()]) {
        if let Ok(registry) = read(&value) {
            prop_assert!(jsonschema::is_valid(&schema(), &value), "the schema refuses {}", value);
            let entries = value["targets"].as_array().unwrap();
            prop_assert_eq!(registry.targets.len(), entries.len());
            for (target, entry) in registry.targets.iter().zip(entries) {
                let account_id = entry["account_id"].as_str().unwrap();
                prop_assert_eq!(target.account_id.as_str(), account_id);
                prop_assert_eq!(target.external_id.as_ref().map(ExposeSecret::expose_secret), entry["external_id"].as_str());
                prop_assert_eq!(target.enabled, entry.get("enabled").is_none_or(|enabled| *enabled == json!(true)));
                prop_assert_eq!(json!(target.tags), entry.get("tags").cloned().unwrap_or(json!({})));
                prop_assert_eq!(json!(target.regions), entry.get("regions").cloned().unwrap_or(json!(["*"])));
                let own_account = format!("arn:aws:iam::{account_id}:role/");
                match &target.role {
                    TargetRole::OwnCredentials => prop_assert_eq!(entry.get("role_arn"), Some(&Value::Null)),
                    TargetRole::Assume { role_arn } => prop_assert!(role_arn.starts_with(&own_account)),
                }
            }
        }
    }

    #[test]
    fn accepted_registries_share_nothing_across_customers(value in likely_registry()) {
        if let Ok(registry) = read(&value) {
            for (index, one) in registry.targets.iter().enumerate() {
                for other in &registry.targets[..index] {
                    prop_assert_ne!(&one.account_id, &other.account_id);
                    let secrets = [one, other].map(|target| target.external_id.as_ref().map(ExposeSecret::expose_secret));
                    if secrets[0].is_some() && secrets[0] == secrets[1] {
                        prop_assert!(one.customer.is_some() && one.customer == other.customer);
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Registry::read(&bytes, "aws").is_err());
    }
}
