//! The services that hold names: three more protocols, tags by ARN and in batches, and calls in a resource's own region.

use rolecall::testing::Scope;
use serde_json::{Value, json};

use crate::command::{manifest, rows};
use crate::fixture::{Fixture, account_with, assert_complete, ledger, ledger_row};
use crate::sim::{Account, Deny, Fault, FaultKind, Service, Times, account_id};

/// Each type with its number of calls in one region or in all, for 250 resources of each kind: pages, and tags.
const REGIONAL: [(&str, u64); 8] = [
    ("elb_load_balancers", 1 + 13),
    ("elbv2_load_balancers", 1 + 13),
    ("apigateway_domain_names", 1),
    ("apigatewayv2_domain_names", 3),
    ("elasticbeanstalk_environments", 1 + 250),
    ("directconnect_connections", 3),
    ("directconnect_virtual_interfaces", 3),
    ("servicediscovery_namespaces", 3 + 250),
];
const GLOBAL: [(&str, u64); 6] = [
    ("cloudfront_distributions", 3 + 250),
    ("s3_buckets", 1 + 250),
    ("globalaccelerator_accelerators", 3 + 250),
    ("globalaccelerator_custom_routing_accelerators", 3 + 250),
    ("directconnect_gateways", 3),
    ("networkmanager_core_networks", 1),
];

fn template(holders: usize) -> Account {
    Account { holders, ..account_with(1, 0, 2) }
}

fn request(run_id: &str, regions: &[&str]) -> Value {
    let resources: Vec<&str> = REGIONAL.iter().chain(&GLOBAL).map(|(table, _)| *table).collect();
    json!({ "run_id": run_id, "accounts": "all", "regions": regions, "resources": resources })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_and_every_tag_is_read() {
    let fixture = Fixture::start(1, template(250), |_| {}).await;
    let response = fixture.run(request("all", &["eu-west-1", "us-east-2"]), None).await.expect("a response");
    assert_complete(&response);
    let ledger = ledger(&fixture.out(), "all");
    let manifest = manifest(&fixture.out(), "all");
    let regional = REGIONAL.iter().flat_map(|(table, calls)| ["eu-west-1", "us-east-2"].map(|at| (*table, at, *calls)));
    for (table, region, calls) in regional.chain(GLOBAL.iter().map(|(table, calls)| (*table, "global", *calls))) {
        let row = ledger_row(&ledger, &account_id(0), region, table);
        let found = (&row["status"], &row["records"], &row["calls"], &row["retries"]);
        assert_eq!(found, (&json!("ok"), &json!(250), &json!(calls), &json!(0)), "{table} in {region}: {row}");
    }
    for (table, _) in REGIONAL.iter().chain(&GLOBAL) {
        for row in rows(&fixture.out(), &manifest, table) {
            assert!(row["id"].is_string() && row["arn"].is_string(), "{table}: {row}");
            assert_eq!(row["owner_id"], row["account_id"], "{table}: {row}");
            let text = row.to_string();
            assert!(!text.contains("secret") && !text.contains("not to be kept"), "{row}");
        }
    }
    let tags = |table: &str, id: &str| {
        let rows = rows(&fixture.out(), &manifest, table);
        let ends = |row: &&Value| row["id"].as_str().is_some_and(|text| text.ends_with(id));
        rows.iter().find(ends).unwrap_or_else(|| panic!("{table}: {id}"))["tags"].clone()
    };
    let arn = |table: &str, id: &str| tags(table, id)["of"].as_str().map(str::to_owned);
    for table in ["elb_load_balancers", "elbv2_load_balancers", "globalaccelerator_accelerators", "s3_buckets"] {
        assert!(arn(table, "-249").is_some_and(|value| value.ends_with("-249")), "{table}");
        assert_eq!(arn(table, "-0"), None, "{table}");
    }
    for row in rows(&fixture.out(), &manifest, "directconnect_connections") {
        assert_eq!(row["tags"], json!({ "of": "line" }), "{row}");
    }
    for row in rows(&fixture.out(), &manifest, "apigateway_domain_names") {
        assert_eq!((&row["tags"], &row["domain_name_status"]), (&json!({ "of": "api" }), &json!("AVAILABLE")), "{row}");
    }
    // Tags of a bucket are asked where the bucket is, and everything else where its service is.
    let places = |service: &'static str, operation: &str| {
        let log = fixture.sim.log_of(Service::Holder(service), operation);
        let mut places: Vec<String> = log.into_iter().map(|call| call.region).collect();
        places.sort();
        places.dedup();
        places
    };
    assert_eq!(places("s3", "ListBuckets"), ["us-east-1"]);
    assert_eq!(places("s3", "GetBucketTagging"), ["eu-west-1", "us-east-1"]);
    assert_eq!(places("cloudfront", "ListDistributions"), ["us-east-1"]);
    assert_eq!(places("globalaccelerator", "ListTagsForResource"), ["us-west-2"]);
    assert_eq!(places("networkmanager", "ListCoreNetworks"), ["us-west-2"]);
    assert_eq!(places("elasticloadbalancing", "DescribeTags"), ["eu-west-1", "us-east-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_as_those_of_other_services() {
    let account = Account {
        denied: vec![
            Deny { action: "s3:GetBucketTagging".into(), region: None, scp: false },
            Deny { action: "apigateway:GET".into(), region: None, scp: true },
        ],
        ..template(3)
    };
    let fixture = Fixture::start(1, account, |_| {}).await;
    let fault = |fault: Fault, service: &'static str, operation: &str| {
        fixture.sim.add_fault(fault.service(Service::Holder(service)).operation(operation));
    };
    fault(Fault::new(FaultKind::Throttle).times(Times::First(1)), "elasticloadbalancing", "DescribeLoadBalancers");
    fault(Fault::new(FaultKind::Throttle).times(Times::First(1)), "cloudfront", "ListDistributions");
    fault(Fault::error(403, "AccessDenied"), "elasticloadbalancing", "DescribeTags");
    fault(
        Fault::error(404, "ResourceNotFoundException").times(Times::First(1)),
        "elasticbeanstalk",
        "ListTagsForResource",
    );
    fault(Fault::new(FaultKind::RepeatToken), "servicediscovery", "ListNamespaces");
    fault(Fault::new(FaultKind::Cut), "globalaccelerator", "ListAccelerators");
    let response = fixture.run(request("errors", &["eu-west-1"]), None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "errors");
    let row = |region: &str, table: &str| ledger_row(&ledger, &account_id(0), region, table);
    for (region, table, status, code) in [
        ("eu-west-1", "elb_load_balancers", "partial", json!("AccessDenied")),
        ("eu-west-1", "elbv2_load_balancers", "partial", json!("AccessDenied")),
        ("global", "cloudfront_distributions", "ok", Value::Null),
        ("global", "s3_buckets", "partial", json!("AccessDenied")),
        ("eu-west-1", "apigateway_domain_names", "scp_denied", json!("AccessDeniedException")),
        ("eu-west-1", "apigatewayv2_domain_names", "scp_denied", json!("AccessDeniedException")),
        ("eu-west-1", "servicediscovery_namespaces", "partial", Value::Null),
        ("global", "globalaccelerator_accelerators", "failed", Value::Null),
        ("global", "directconnect_gateways", "ok", Value::Null),
    ] {
        let row = row(region, table);
        assert_eq!((&row["status"], row.get("error_code").unwrap_or(&Value::Null)), (&json!(status), &code), "{row}");
    }
    assert!(response.failures.iter().any(|failure| failure.message.contains("service control policy")), "{response:?}");
    let distribution = row("global", "cloudfront_distributions");
    assert_eq!((&distribution["throttles"], &distribution["records"]), (&json!(1), &json!(3)));
}

/// A bucket's own policy may deny its tags to everybody. They are unknown then, and all else stands.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_keeps_its_tags_to_itself_is_listed_without_them() {
    let fixture = Fixture::start(1, template(3), |_| {}).await;
    let refused = Fault::error(403, "AccessDenied").service(Service::Holder("s3")).operation("GetBucketTagging");
    fixture.sim.add_fault(refused.times(Times::Only(2)));
    let response = fixture.run(request("own", &["eu-west-1"]), None).await.expect("a response");
    assert_complete(&response);
    let rows = rows(&fixture.out(), &manifest(&fixture.out(), "own"), "s3_buckets");
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.iter().filter(|row| row.get("digest").is_none_or(Value::is_null)).count(), 1, "{rows:?}");
}

/// A customer who shares names only has a complete run of them, by a session that may read nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_a_run_over_names_may_read_names_only() {
    let fixture = Fixture::start(1, template(2), |_| {}).await;
    let response = fixture.run(request("names", &["eu-west-1"]), None).await.expect("a response");
    assert_complete(&response);
    let assumed = fixture.sim.log_of(Service::Sts, "AssumeRole");
    let policy = assumed.iter().find_map(|call| call.params.get("Policy")).expect("a session policy");
    let policy: Value = serde_json::from_str(policy).expect("JSON");
    assert!(policy.to_string().len() <= 2048, "{}", policy.to_string().len());
    let statements = policy["Statement"].as_array().expect("statements");
    assert_eq!(statements.len(), 2);
    assert_eq!(statements[1]["Action"], json!(["apigateway:GET"]));
    assert_eq!(statements[1]["Resource"], "arn:*:apigateway:*::/domainnames");
    for action in statements[0]["Action"].as_array().expect("actions") {
        let name = action.as_str().expect("a text");
        let is_ec2_read = name == "ec2:DescribeRegions";
        assert!(is_ec2_read || !name.starts_with("ec2:") && !name.starts_with("route53"), "{name}");
        assert!(!name.contains('*'), "{name}");
    }
    assert_eq!("names".parse::<Scope>().map(|scope| scope.as_str()).ok(), Some("names"));
}
