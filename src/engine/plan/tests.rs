use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::partition;
use crate::event::RunIdSource;

const REGISTRY: &str = r#"{ "version": 1, "targets": [
    { "account_id": "111111111111", "external_id": "one-of-them", "tags": { "tier": "gold" }, "regions": ["eu-*"] },
    { "account_id": "222222222222", "external_id": "two-of-them", "tags": { "tier": "gold", "stage": "prod" },
      "resources": ["route53_*"] },
    { "account_id": "333333333333", "external_id": "three-of-them", "enabled": false },
    { "account_id": "444444444444", "external_id": null, "role_arn": null } ] }"#;

fn registry() -> Registry {
    Registry::read(REGISTRY.as_bytes(), "aws").unwrap()
}

fn selected(request: &Value, runtime: Runtime) -> Result<(Request, Selection), String> {
    let mut problems = ValidationErrors::default();
    let request = Request::read(request, "request", &mut problems);
    let registry = registry();
    let basis = Basis {
        registry: &registry,
        catalogue: Catalogue::get().unwrap(),
        partition: partition("aws").unwrap(),
        runtime,
        format: Format::Ndjson,
        disabled_too: false,
    };
    let selection = select(&request, basis, &mut problems);
    if problems.is_empty() { Ok((request, selection)) } else { Err(problems.to_string()) }
}

fn accounts(request: Value) -> Vec<String> {
    let (_, selection) = selected(&request, Runtime::Terminal).unwrap();
    selection.accounts.iter().map(|account| account.account_id.to_string()).collect()
}

#[test]
fn accounts_are_selected_as_asked() {
    assert_eq!(accounts(json!({ "accounts": "all" })), ["111111111111", "222222222222", "444444444444"]);
    assert_eq!(accounts(json!({ "accounts": "all", "tags": { "tier": "gold" } })), ["111111111111", "222222222222"]);
    assert_eq!(accounts(json!({ "accounts": "all", "tags": { "tier": "gold", "stage": "prod" } })), ["222222222222"]);
    assert_eq!(accounts(json!({ "accounts": "all", "exclude": ["111111111111"] })), ["222222222222", "444444444444"]);
    assert_eq!(
        accounts(json!({ "accounts": ["222222222222", "999999999999"], "skip_unknown": true })),
        ["222222222222"]
    );
}

#[test]
fn own_credentials_are_for_the_terminal_alone() {
    let refused = selected(&json!({ "accounts": "all" }), Runtime::Lambda).unwrap_err();
    insta::assert_snapshot!(refused, @r#"registry: account 444444444444: `"role_arn": null` (own credentials) is for the CLI alone; give it a role like any other"#);
    assert!(selected(&json!({ "accounts": "all", "exclude": ["444444444444"] }), Runtime::Lambda).is_ok());
}

#[test]
fn a_plan_bears_the_date_of_its_start_and_nothing_of_how_accounts_are_entered() {
    let (request, selection) = selected(&json!({ "accounts": "all" }), Runtime::Terminal).unwrap();
    let run_id = crate::event::run_id(&request, &RunIdSource::Invocation("an-id".into()));
    let plan = selection.plan(PlanOrigin {
        request,
        run_id,
        started_at: "2026-11-21T23:59:59.9Z".parse().unwrap(),
        attempt: "0123abcd".into(),
        backend_account_id: "999999999999".into(),
        given_targets: None,
        organizations: Vec::new(),
        trust: None,
        batch: None,
    });
    assert_eq!(plan.dt, "2026-11-21");
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("of-them") && !text.contains("role"), "{text}");
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}

#[test]
fn more_globs_than_a_request_may_have_are_refused() {
    for (field, start, most) in [("resources", "ec2_*", 200), ("regions", "eu-*", 100)] {
        let globs: Vec<String> = (0..5000).map(|number| format!("{start}{number}*")).collect();
        let refused = selected(&json!({ "accounts": "all", field: globs }), Runtime::Terminal);
        let refused = refused.expect_err("the request is refused");
        assert!(refused.contains(&format!("request.{field}: has 5000 entries: at most {most}")), "{refused}");
    }
}

fn any_request() -> impl Strategy<Value = Value> {
    let account =
        prop::sample::select(vec!["111111111111", "222222222222", "333333333333", "444444444444", "555555555555"]);
    let accounts =
        prop_oneof![Just(json!("all")), prop::collection::vec(account.clone(), 0..4).prop_map(|ids| json!(ids)),];
    let region = prop::sample::select(vec!["eu-*", "us-east-1", "*", "eu-west-1", "af-south-1", "mars-*"]);
    let resource = prop::sample::select(vec!["ec2_*", "route53_records", "*", "ec2_vpcs", "nothing_*"]);
    let list = |item| prop::option::of(prop::collection::vec(item, 0..3));
    (accounts, list(region), list(resource), list(account), any::<bool>(), any::<bool>()).prop_map(
        |(accounts, regions, resources, exclude, skip, gold)| {
            let mut request = json!({ "accounts": accounts, "skip_unknown": skip });
            let lists = [("regions", regions), ("resources", resources), ("exclude", exclude)];
            for (name, list) in lists {
                if let Some(list) = list {
                    request[name] = json!(list);
                }
            }
            if gold {
                request["tags"] = json!({ "tier": "gold" });
            }
            request
        },
    )
}

proptest! {
    #[test]
    fn a_selection_is_never_wider_than_what_was_asked(asked in any_request()) {
        let Ok((request, selection)) = selected(&asked, Runtime::Terminal) else { return Ok(()) };
        let registry = registry();
        prop_assert!(!selection.accounts.is_empty() && !selection.resources.is_empty());
        let types = SharedTypes::new(&selection.resources, &selection.accounts).unwrap();
        for account in &selection.accounts {
            let target = registry.target(&account.account_id).unwrap();
            let named = asked["accounts"].as_array().is_none_or(|ids| ids.iter().any(|id| id == account.account_id.as_str()));
            prop_assert!(target.enabled && named && target.has_tags(&request.tags) && !request.exclude.contains(&account.account_id));
            let shared = target.resources.as_ref().map(|globs| Globs::new(globs).unwrap());
            let is_shared = |name: &String| shared.as_ref().is_none_or(|globs| globs.matches(name));
            let asked: Vec<&String> = types.of(account).iter().map(|index| &selection.resources[*index]).collect();
            let may_ask: Vec<&String> = selection.resources.iter().filter(|name| is_shared(name)).collect();
            prop_assert!(!asked.is_empty() && asked == may_ask);
            let enabled = partition("aws").unwrap().regions().collect::<Vec<_>>();
            for region in account.regions.filter().unwrap().choose(enabled.iter().copied()).ask {
                prop_assert!(Globs::new(&target.regions).unwrap().matches(&region));
                prop_assert!(request.regions.as_ref().is_none_or(|globs| Globs::new(globs).unwrap().matches(&region)));
            }
        }
        for account in &selection.unshared_accounts {
            let globs = Globs::new(registry.target(account).unwrap().resources.as_ref().unwrap()).unwrap();
            prop_assert!(!selection.resources.iter().any(|name| globs.matches(name)));
            prop_assert!(asked["accounts"] == json!("all") || request.skip_unknown);
        }
        for resource in &selection.resources {
            prop_assert!(request.resources.as_ref().is_none_or(|globs| Globs::new(globs).unwrap().matches(resource)));
        }
    }
}
