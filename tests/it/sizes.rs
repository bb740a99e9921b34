//! The largest requests: each is carried out in bounded space, or refused with the limit in the message.

use std::time::Duration;

use rolecall::testing::{Request, Response, ValidationErrors};
use serde_json::{Value, json};

use crate::fixture::{Fixture, account_with};
use crate::sim::account_id;

/// The largest response without records, in bytes.
const LARGEST_RESPONSE: usize = 200 << 10;

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{:012}", 500_000_000_000 + number)).collect()
}

fn refusal(request: &Value) -> String {
    let mut errors = ValidationErrors::new();
    Request::read(request, "request", &mut errors);
    errors.to_string()
}

/// Returns the processor time of this thread so far: other load does not count. `None` on systems other than Linux.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[test]
fn requests_past_a_limit_name_it() {
    let many = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
    let tags = |count: usize| many("t", count).into_iter().map(|tag| (tag, "x".to_owned())).collect::<Vec<_>>();
    let object = |pairs: Vec<(String, String)>| Value::Object(pairs.into_iter().map(|(k, v)| (k, json!(v))).collect());
    let long = "x".repeat(1025);
    for (field, value, limit) in [
        ("regions", json!(many("eu-west-", 101)), "at most 100"),
        ("regions", json!(many("eu-west-", 200_000)), "at most 100"),
        ("regions", json!(many(&format!("{}-", "e".repeat(100)), 40)), "at most 2048"),
        ("regions", json!(["e".repeat(129)]), "longer than 128"),
        ("resources", json!(many("ec2_*", 201)), "at most 200"),
        ("resources", json!(many("ec2_{vpcs,subnets}*", 100_000)), "at most 200"),
        ("resources", json!(["e".repeat(3 << 20)]), "longer than 128"),
        ("tags", object(tags(51)), "at most 50"),
        ("tags", json!({ "t": long }), "more than 1024"),
        ("tags", json!({ long.clone(): "t" }), "more than 1024"),
        ("exclude", json!(numbered(500_001)), "at most 500000"),
        ("accounts", json!(numbered(500_001)), "at most 500000"),
    ] {
        let mut request = json!({ "accounts": "all" });
        request[field] = value;
        let before = processor_time();
        let refused = refusal(&request);
        let took = processor_time().zip(before).map(|(after, before)| after.saturating_sub(before));
        assert!(refused.contains(&format!("request.{field}")) && refused.contains(limit), "{field}: {refused}");
        assert!(refused.len() < 100_000 && took.is_none_or(|took| took < Duration::from_secs(20)), "{field}: {took:?}");
    }
    let mut allowed = json!({ "accounts": "all", "tags": object(tags(50)) });
    allowed["regions"] = json!(many("eu-west-", 100));
    allowed["resources"] = json!(many("ec2_*", 200));
    assert_eq!(refusal(&allowed), "");
}

/// 420,000 accounts are nearly all that an event of 6 MB can name.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_accounts_are_counted_and_the_first_are_listed() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
    let mut accounts = numbered(420_000);
    accounts.push(account_id(0));
    let request = json!({ "run_id": "most", "accounts": accounts, "skip_unknown": true, "resources": ["accounts"] });
    let response = fixture.run(request, None).await.expect("a response");
    assert_eq!((response.accounts.planned, response.accounts.complete), (1, 1));
    assert_eq!((response.unknown_accounts.len(), response.unknown_accounts_omitted), (1_000, 419_000));
    assert!(serde_json::to_vec(&response).expect("JSON").len() < LARGEST_RESPONSE);
    let manifest = std::fs::read(fixture.out().join("runs/most/manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["plan"]["unknown_accounts"].as_array().expect("a list").len(), 420_000);
    // Without `skip_unknown` the refusal stays small too.
    let refused = fixture.run(json!({ "accounts": numbered(420_000) }), None).await.expect_err("a refusal");
    assert!(
        refused.message.len() < 100_000 && refused.message.contains("and 419900 more"),
        "{}",
        refused.message.len()
    );
}

/// A run that ends before most of a large fleet has begun leaves a request that is too large for its response.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_rest_is_in_the_manifest_and_not_in_the_response() {
    let fixture = Fixture::start(12_000, account_with(0, 0, 0), |_| {}).await;
    let request = json!({ "run_id": "large", "accounts": "all", "regions": ["eu-west-1"], "resources": ["accounts"] });
    let response = fixture.run_until(request, |seen| seen.open_cells() > 0).await.expect("a response");
    assert!(response.remaining.is_none() && response.remaining_omitted);
    assert!(serde_json::to_vec(&response).expect("JSON").len() < LARGEST_RESPONSE);
    let manifest = std::fs::read(fixture.out().join("runs/large/manifest.json")).expect("a manifest");
    let committed: Response = serde_json::from_slice(&manifest).expect("a response");
    assert!(serde_json::to_vec(&committed.remaining.expect("a rest")).expect("JSON").len() > 150 << 10);
}
