//! The engine on the simulated AWS: paging, faults, time limits, sessions and the output.

use std::time::Duration;

use futures::StreamExt;
use rolecall::testing::Settings;
use serde_json::{Value, json};

use crate::command::{manifest, rows};
use crate::fixture::{Fixture, account_with, assert_complete, ids, ledger, ledger_row};
use crate::sim::{Account, Fault, FaultKind, Service, Times, account_id, external_id};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_read_and_an_empty_page_ends_no_listing() {
    let fixture = Fixture::start(2, account_with(1100, 3, 700), |world| {
        world.empty_pages = true;
        world.future_members = true;
    })
    .await
    .without_attempts();
    let request = json!({ "run_id": "paged", "accounts": "all", "regions": ["eu-west-1"] });
    let response = fixture.run(request, None).await.expect("a response");
    assert_complete(&response);
    for table in ["ec2_instances", "ec2_vpcs", "ec2_route_tables", "ec2_security_groups", "ec2_addresses"] {
        assert_eq!(response.records[table], 2 * 1100, "{table}");
        assert_eq!(ids(&fixture.out(), "paged", table).len(), 2 * 1100);
    }
    assert_eq!(response.records["route53_records"] as usize, ids(&fixture.out(), "paged", "route53_records").len());
    assert!(response.records["route53_records"] >= 2 * 3 * 700);
    let counts = fixture.sim.counts();
    for account in [account_id(0), account_id(1)] {
        assert_eq!(counts.assumed[&account], 1, "one AssumeRole an account and run");
        assert!(counts.of(&account, Service::Ec2, "DescribeRouteTables") >= 11);
    }
    // Members that the service model does not have are kept.
    let vpcs = rows(&fixture.out(), &manifest(&fixture.out(), "paged"), "ec2_vpcs");
    assert!(vpcs.iter().any(|row| row.get("aws_extra").is_some()), "unknown members are lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_that_cannot_be_read_is_reported_with_its_request_id() {
    let fixture = Fixture::start(1, account_with(1, 1, 2), |_| {}).await;
    fixture.sim.add_fault(Fault::new(FaultKind::Cut).service(Service::Iam).operation("ListAccountAliases"));
    let request = json!({ "run_id": "alias", "accounts": "all", "resources": ["accounts"] });
    fixture.run(request, None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "alias");
    let row = ledger_row(&ledger, &account_id(0), "global", "accounts");
    assert_eq!(row["status"], "partial", "{row}");
    assert!(row["request_id"].is_string(), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_reported_and_affects_no_other_cell() {
    let (tables, zones) = ("DescribeRouteTables", "ListHostedZones");
    let faulty = account_id(0);
    let fault =
        |what: FaultKind| Fault::new(what).account(&faulty).service(Service::Ec2).region("eu-west-1").operation(tables);
    let everywhere = |what: FaultKind| Fault::new(what).account(&faulty).service(Service::Ec2).region("eu-west-1");
    let dns = |what: FaultKind| Fault::new(what).account(&faulty).service(Service::Route53).operation(zones);
    let error = FaultKind::error;
    let cases: Vec<(&str, Fault, &str, &str, &str)> = vec![
        ("denied", fault(FaultKind::Denied), "eu-west-1", "ec2_route_tables", "denied"),
        ("scp", fault(FaultKind::ScpDenied), "eu-west-1", "ec2_route_tables", "scp_denied"),
        ("auth", everywhere(error(401, "AuthFailure")), "eu-west-1", "ec2_route_tables", "region_disabled"),
        ("throttle", fault(FaultKind::Throttle), "eu-west-1", "ec2_route_tables", "throttled"),
        ("unsupported", fault(error(400, "InvalidAction")), "eu-west-1", "ec2_route_tables", "unsupported"),
        ("internal", fault(error(500, "InternalError")), "eu-west-1", "ec2_route_tables", "failed"),
        ("unavailable", fault(error(503, "Unavailable")), "eu-west-1", "ec2_route_tables", "failed"),
        ("reset", fault(FaultKind::Reset), "eu-west-1", "ec2_route_tables", "failed"),
        ("cut", fault(FaultKind::Cut), "eu-west-1", "ec2_route_tables", "failed"),
        ("cut without length", fault(FaultKind::CutWithoutLength), "eu-west-1", "ec2_route_tables", "failed"),
        ("garbage", fault(FaultKind::Garbage), "eu-west-1", "ec2_route_tables", "failed"),
        ("empty 200", fault(FaultKind::Empty200), "eu-west-1", "ec2_route_tables", "failed"),
        ("hang", fault(FaultKind::Hang), "eu-west-1", "ec2_route_tables", "timed_out"),
        ("drip", fault(FaultKind::Drip(Duration::from_millis(50))), "eu-west-1", "ec2_route_tables", "timed_out"),
        ("repeated token", fault(FaultKind::RepeatToken), "eu-west-1", "ec2_route_tables", "partial"),
        (
            "second page",
            fault(error(500, "InternalError")).times(Times::After(1)),
            "eu-west-1",
            "ec2_route_tables",
            "partial",
        ),
        ("once", fault(error(500, "InternalError")).times(Times::First(1)), "eu-west-1", "ec2_route_tables", "ok"),
        ("cut once", fault(FaultKind::Cut).times(Times::First(1)), "eu-west-1", "ec2_route_tables", "ok"),
        ("throttled once", fault(FaultKind::Throttle).times(Times::First(1)), "eu-west-1", "ec2_route_tables", "ok"),
        ("zones denied", dns(FaultKind::Denied), "global", "route53_records", "denied"),
        ("zones hang", dns(FaultKind::Hang), "global", "route53_hosted_zones", "timed_out"),
    ];
    let faults = cases.into_iter().map(|(name, fault, region, table, status)| {
        let faulty = faulty.clone();
        async move {
            let fixture = Fixture::start(3, account_with(120, 2, 5), |_| {}).await;
            fixture.sim.add_fault(fault);
            // The time-out is short only if the call is expected to time out.
            let call_timeout = if status == "timed_out" { Duration::from_secs(12) } else { fixture.settings.call_timeout };
            let settings = Settings { call_timeout, ..fixture.settings.clone() };
            let fixture = Fixture { settings, ..fixture };
            let request = json!({ "run_id": "struck", "accounts": "all", "regions": ["eu-west-1", "us-east-1"], "resources": ["ec2_route_tables", "ec2_subnets", "route53_hosted_zones", "route53_records"] });
            let response = fixture.run(request, None).await.expect("a response");
            let ledger = ledger(&fixture.out(), "struck");
            let row = ledger_row(&ledger, &faulty, region, table);
            assert_eq!(row["status"], status, "{name}: {row}");
            if status != "ok" {
                assert!(row["error_message"].is_string(), "{name}: {row}");
                assert!(row["status"] == "timed_out" || row["request_id"].is_string() || name == "reset" || name == "repeated token", "{name}: {row}");
            }
            for row in &ledger {
                let is_affected = row["account_id"] == faulty.as_str() && row["region"] == region;
                assert!(is_affected || row["status"] == "ok", "{name}: {row}");
            }
            // No record is duplicate, and all records that the ledger counts exist.
            for table in ["ec2_route_tables", "ec2_subnets", "route53_hosted_zones", "route53_records"] {
                let counted: u64 = ledger.iter().filter(|row| row["table"] == table).map(|row| row["records"].as_u64().expect("n")).sum();
                assert_eq!(ids(&fixture.out(), "struck", table).len() as u64, counted, "{name}: {table}");
                assert_eq!(response.records[table], counted);
            }
        }
    });
    // Some cases wait for time-outs, so the cases run concurrently.
    futures::stream::iter(faults).buffer_unordered(6).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hung_account_is_ended_by_its_budget_and_delays_no_other() {
    // There are so few calls that only the one that hangs can use up the budget.
    let fixture = Fixture::start(3, account_with(3, 1, 5), |_| {}).await;
    fixture.sim.add_fault(
        Fault::new(FaultKind::Hang).account(&account_id(2)).service(Service::Ec2).operation("DescribeVolumes"),
    );
    let settings = Settings { account_budget: Duration::from_secs(12), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let request = json!({ "run_id": "hung", "accounts": "all", "regions": ["eu-west-1", "eu-central-1"], "resources": ["ec2_volumes", "ec2_vpcs", "accounts"] });
    let response = fixture.run(request, None).await.expect("a response");
    assert_eq!((response.accounts.complete, response.accounts.partial), (2, 1));
    assert!(response.remaining.is_none(), "the run's own time did not end");
    let ledger = ledger(&fixture.out(), "hung");
    for region in ["eu-west-1", "eu-central-1"] {
        assert_eq!(ledger_row(&ledger, &account_id(2), region, "ec2_volumes")["status"], "timed_out");
        assert_eq!(ledger_row(&ledger, &account_id(2), region, "ec2_vpcs")["status"], "ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_region_is_given_up_after_three_time_outs() {
    let fixture = Fixture::start(1, account_with(2, 0, 0), |_| {}).await;
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).service(Service::Ec2).region("eu-west-1"));
    // One call at a time, so that the rest of the region has not started when the third call times out.
    let settings =
        Settings { in_flight: 1, attempts: 1, call_timeout: Duration::from_secs(10), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let request = json!({ "run_id": "silent", "accounts": "all", "regions": ["eu-west-1", "us-east-1"], "resources": ["ec2_s*", "ec2_v*"] });
    fixture.run(request, None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "silent");
    for row in &ledger {
        let answered = row["status"] == "ok" || row["status"] == "empty";
        assert!(answered != (row["region"] == "eu-west-1") && (answered || row["status"] == "timed_out"), "{row}");
    }
    let calls: u64 =
        ledger.iter().filter(|row| row["region"] == "eu-west-1").map(|row| row["calls"].as_u64().expect("n")).sum();
    assert_eq!(calls, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_session_is_renewed_once() {
    let fixture = Fixture::start(2, account_with(120, 2, 5), |_| {}).await.without_attempts();
    let expired = Fault::new(FaultKind::ExpiredSession).account(&account_id(0)).operation("DescribeRouteTables");
    fixture.sim.add_fault(expired.times(Times::First(1)));
    let request = json!({ "run_id": "expired", "accounts": "all", "regions": ["eu-west-1", "us-east-1"] });
    let response = fixture.run(request.clone(), None).await.expect("a response");
    assert_complete(&response);
    assert_eq!(fixture.sim.counts().assumed, [(account_id(0), 2), (account_id(1), 1)].into());
    assert_eq!(ids(&fixture.out(), "expired", "ec2_route_tables").len(), 2 * 2 * 120);
    // A session that expires at every call is not renewed again and again.
    let fixture = Fixture::start(2, account_with(5, 0, 0), |_| {}).await.without_attempts();
    fixture.sim.add_fault(Fault::new(FaultKind::ExpiredSession).account(&account_id(0)).service(Service::Ec2));
    let response = fixture.run(request, None).await.expect("a response");
    assert_eq!((response.accounts.complete, fixture.sim.counts().assumed[&account_id(0)]), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn listing_with_a_stale_token_restarts_once_without_duplicates() {
    let fixture = Fixture::start(1, account_with(450, 0, 0), |_| {}).await;
    let stale = |times| Fault::error(400, "InvalidPaginationToken").operation("DescribeRouteTables").times(times);
    // The third page's token is refused. The two pages read before are kept, and read again.
    fixture.sim.add_fault(stale(Times::After(2)).region("eu-west-1"));
    let request = json!({ "run_id": "stale", "accounts": "all", "regions": ["eu-west-1", "us-east-1"], "resources": ["ec2_route_tables"] });
    fixture.run(request, None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "stale");
    // The token stays refused, so the cell is partial and has each record of those pages once.
    assert_eq!(ledger_row(&ledger, &account_id(0), "eu-west-1", "ec2_route_tables")["status"], "partial");
    let counted = ledger_row(&ledger, &account_id(0), "eu-west-1", "ec2_route_tables")["records"].as_u64().expect("n");
    assert_eq!(ids(&fixture.out(), "stale", "ec2_route_tables").len() as u64, 450 + counted);

    // Only the second page's token is refused. The listing restarts and completes.
    let fixture = Fixture::start(1, account_with(450, 0, 0), |_| {}).await;
    fixture.sim.add_fault(stale(Times::Only(2)));
    let request =
        json!({ "run_id": "aged", "accounts": "all", "regions": ["eu-west-1"], "resources": ["ec2_route_tables"] });
    let response = fixture.run(request, None).await.expect("a response");
    assert_complete(&response);
    assert_eq!(ids(&fixture.out(), "aged", "ec2_route_tables").len(), 450);
    // The first page, the refused one, and all five again.
    assert_eq!(fixture.sim.counts().of(&account_id(0), Service::Ec2, "DescribeRouteTables"), 2 + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_of_another_account_is_rejected() {
    let fixture = Fixture::start(2, account_with(1, 0, 0), |world| {
        let role = world.role(&account_id(0), "rolecall-inventory", Some(&external_id(&account_id(0))));
        role.answers_as = Some("123456789012".into());
    })
    .await;
    let response = fixture
        .run(json!({ "run_id": "liar", "accounts": "all", "regions": ["eu-west-1"] }), None)
        .await
        .expect("a response");
    assert_eq!((response.accounts.complete, response.accounts.failed), (1, 1));
    assert!(response.failures[0].message.contains("lies in account 123456789012"), "{:?}", response.failures[0]);
    assert_eq!(fixture.sim.counts().of(&account_id(0), Service::Ec2, "DescribeVpcs"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_session_policy_is_shortened_then_split() {
    let fixture = Fixture::start(1, account_with(1, 1, 1), |world| world.packed_policy_limit = Some(1250)).await;
    let response = fixture
        .run(json!({ "run_id": "packed", "accounts": "all", "regions": ["eu-west-1"] }), None)
        .await
        .expect("a response");
    assert_complete(&response);
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_region_list_is_replaced_and_reported() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |world| {
        world.account(&account_id(0)).deny("ec2:DescribeRegions", true).deny("iam:ListAccountAliases", false);
        world.account(&account_id(0)).opted_in.insert("me-south-1".into());
    })
    .await;
    let request = json!({ "run_id": "stood-in", "accounts": "all", "regions": ["me-*", "eu-west-1"], "resources": ["accounts", "ec2_vpcs"] });
    fixture.run(request, None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "stood-in");
    assert_eq!(ledger_row(&ledger, &account_id(0), "me-south-1", "ec2_vpcs")["status"], "ok");
    let accounts = ledger_row(&ledger, &account_id(0), "global", "accounts");
    assert_eq!(accounts["status"], "partial");
    let message = accounts["error_message"].as_str().expect("a message");
    assert!(message.contains("account:ListRegions") && message.contains("iam:ListAccountAliases"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_backend_session_is_refused_before_any_write() {
    let fixture = Fixture::start(1, account_with(1, 0, 0), |_| {}).await;
    fixture.sim.add_fault(Fault::error(403, "ExpiredToken").operation("GetCallerIdentity"));
    let refused = fixture.run(json!({ "accounts": "all" }), None).await.expect_err("refused");
    assert_eq!(refused.kind.name(), "ExpiredCredentials");
    assert!(refused.message.starts_with("the backend's own session has expired: sign in again"), "{refused}");
    assert!(!fixture.out().exists() && fixture.sim.counts().assumed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_read_singly_if_the_batch_is_refused() {
    let tags_with = async |fault: Option<Fault>| {
        let fixture = Fixture::start(1, Account { health_checks: 3, ..account_with(0, 12, 1) }, |_| {}).await;
        if let Some(fault) = fault {
            fixture.sim.add_fault(fault);
        }
        let request = json!({ "run_id": "tags", "accounts": "all", "resources": ["route53_*"] });
        let response = fixture.run(request, None).await.expect("a response");
        assert_complete(&response);
        let manifest = manifest(&fixture.out(), "tags");
        let tables = ["route53_hosted_zones", "route53_health_checks"];
        let records = tables.into_iter().flat_map(|table| rows(&fixture.out(), &manifest, table));
        records.map(|row| (row["id"].to_string(), row["tags"].clone())).collect::<Vec<_>>()
    };
    let undisturbed = tags_with(None).await;
    assert!(undisturbed.len() == 15 && undisturbed.iter().all(|(_, tags)| tags.is_object()), "{undisturbed:?}");
    for (status, code) in [(403, "AccessDenied"), (400, "InvalidInput")] {
        let fault = Fault::error(status, code).operation("ListTagsForResources");
        assert_eq!(tags_with(Some(fault)).await, undisturbed, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sink_never_uses_customers_credentials() {
    let fixture = Fixture::start(3, account_with(150, 1, 300), |world| world.bucket("results")).await;
    let settings = Settings { output: Some("s3://results/some/prefix".into()), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let response = fixture
        .run(json!({ "run_id": "in-s3", "accounts": "all", "regions": ["eu-*"] }), None)
        .await
        .expect("a response");
    assert_complete(&response);
    assert_eq!(fixture.sim.foreign_s3_calls(), 0);
    assert!(fixture.sim.open_uploads().is_empty());
    let objects = fixture.sim.objects("results");
    let manifest: Value = serde_json::from_slice(&objects["some/prefix/runs/in-s3/manifest.json"]).expect("JSON");
    for file in manifest["files"].as_array().expect("files") {
        let object = &objects[&format!("some/prefix/{}", file["key"].as_str().expect("a key"))];
        assert_eq!(object.len() as u64, file["bytes"].as_u64().expect("a size"));
    }
    assert!(!objects.contains_key("some/prefix/latest.json"), "a run of some regions moves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_output_commits_nothing_and_leaves_no_upload() {
    let fixture = Fixture::start(2, account_with(50, 0, 0), |world| world.bucket("results")).await;
    let settings = Settings { output: Some("s3://results".into()), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    // The plan is the first object that is written.
    fixture.sim.add_fault(
        Fault::error(403, "AccessDenied").service(Service::S3).operation("PutObject").times(Times::After(1)),
    );
    let refused = fixture
        .run(json!({ "run_id": "broken", "accounts": "all", "regions": ["eu-west-1"] }), None)
        .await
        .expect_err("refused");
    assert_eq!(refused.kind.name(), "OutputNotWritable");
    assert!(!fixture.sim.objects("results").keys().any(|key| key.contains("manifest") || key.contains("shards")));
    assert!(fixture.sim.open_uploads().is_empty());
}
