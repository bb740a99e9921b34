//! For any input, reading never panics, and a request never asks for more than was sent.

use super::*;
use crate::input::parse;
use proptest::prelude::*;

/// Generates any JSON, with the words of a request in the places where they may do harm.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "all",
            "ALL",
            "111122223333",
            "444455556666",
            "eu-*",
            "*",
            "ec2_*",
            "ndjson",
            "a.r1",
            "2026-11-21T03:00:00Z"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let name = prop_oneof![
            3 => prop::sample::select(FIELDS.to_vec()).prop_map(str::to_owned),
            1 => prop::sample::select(vec!["role_arn", "external_id", "tier", "", "Records", "detail"]).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Generates requests that are mostly valid, so that acceptance is tested too.
fn likely_request() -> impl Strategy<Value = Value> {
    let id = || prop::sample::select(vec!["111122223333", "444455556666", "000000000001", "12"]);
    let ids = move || prop::collection::vec(id(), 0..4).prop_map(|ids| json!(ids));
    let texts = |pattern| prop::collection::vec(pattern, 0..3).prop_map(|texts: Vec<String>| json!(texts));
    let fields = (
        prop::option::weighted(0.9, prop_oneof![Just(json!("all")), ids()]),
        prop::option::weighted(0.2, ids()),
        prop::option::weighted(0.3, texts("[a-z*?A-]{1,5}")),
        prop::option::weighted(0.3, texts(r"[a-z_*\[]{0,6}")),
        prop::option::weighted(
            0.3,
            prop::collection::btree_map("[a-z]{0,2}", "[a-z]{0,2}", 0..3).prop_map(|tags| json!(tags)),
        ),
        prop::option::weighted(
            0.3,
            prop::sample::select(vec!["parquet", "ndjson", "csv"]).prop_map(|word| json!(word)),
        ),
        prop::option::weighted(0.3, any::<bool>().prop_map(|switch| json!(switch))),
        prop::option::weighted(0.3, "[a-z.]{1,4}(\\.r[0-9])?".prop_map(|id| json!(id))),
        prop::option::weighted(
            0.3,
            (0..4_000_000_000_000_i64).prop_map(|ms| json!(Timestamp::from_millisecond(ms).unwrap())),
        ),
    );
    fields.prop_map(|(accounts, exclude, regions, resources, tags, format, switch, run_id, scheduled_at)| {
        let given = [
            ("accounts", accounts),
            ("exclude", exclude),
            ("regions", regions),
            ("resources", resources),
            ("tags", tags),
            ("format", format),
            ("inline", switch.clone()),
            ("skip_unknown", switch),
            ("run_id", run_id),
            ("scheduled_at", scheduled_at),
        ];
        Value::Object(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    })
}

proptest! {
    #[test]
    fn what_is_accepted_is_exactly_what_was_asked(value in prop_oneof![any_json(), likely_request()]) {
        if let Ok(request) = read(&value) {
            let written = serde_json::to_value(&request).unwrap();
            for name in ["accounts", "tags", "exclude", "regions", "resources", "format", "run_id"] {
                prop_assert_eq!(written.get(name), value.get(name), "{}", name);
            }
            for name in ["skip_unknown", "inline"] {
                prop_assert_eq!(written.get(name).is_some(), value.get(name) == Some(&json!(true)), "{}", name);
            }
            prop_assert_eq!(read(&written), Ok(request), "what is written reads back");
            prop_assert!(jsonschema::is_valid(&schema(), &value), "the schema refuses {}", value);
        }
    }

    #[test]
    fn bytes_are_read_the_same_way(value in likely_request()) {
        let bytes = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(read(&parse("request", &bytes).unwrap()), read(&value));
    }

    #[test]
    fn an_unknown_field_is_never_overlooked(name in "[a-zA-Z_]{1,12}", value in any_json()) {
        prop_assume!(!FIELDS.contains(&name.as_str()));
        let mut request = json!({"accounts": "all"});
        request[&name] = value;
        prop_assert!(read(&request).is_err());
    }
}
