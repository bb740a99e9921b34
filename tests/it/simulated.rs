//! The engine against the simulated AWS: paging, faults, time, and what becomes of the output.

use std::time::Duration;

use futures::StreamExt;
use rolecall::testing::Settings;
use serde_json::{Value, json};

use crate::command::{manifest, rows};
use crate::scene::{Scene, ids, ledger, some, told};
use crate::sim::{Account, Fault, Service, Times, What, account_id};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_listing_is_read_and_an_empty_one_ends_nothing() {
    let scene = Scene::set(2, some(1100, 3, 700), |world| {
        world.empty_pages = true;
        world.future_members = true;
    })
    .await;
    let request = json!({ "run_id": "paged", "accounts": "all", "regions": ["eu-west-1"] });
    let response = scene.run(request, None).await.expect("a response");
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
    for table in ["ec2_instances", "ec2_vpcs", "ec2_route_tables", "ec2_security_groups", "ec2_addresses"] {
        assert_eq!(response.records[table], 2 * 1100, "{table}");
        assert_eq!(ids(&scene.out(), "paged", table).len(), 2 * 1100);
    }
    assert_eq!(response.records["route53_records"] as usize, ids(&scene.out(), "paged", "route53_records").len());
    assert!(response.records["route53_records"] >= 2 * 3 * 700);
    let counts = scene.sim.counts();
    for account in [account_id(0), account_id(1)] {
        assert_eq!(counts.assumed[&account], 1, "one AssumeRole an account and run");
        assert!(counts.of(&account, Service::Ec2, "DescribeRouteTables") >= 11);
    }
    // What the service model does not know is kept.
    let vpcs = rows(&scene.out(), &manifest(&scene.out(), "paged"), "ec2_vpcs");
    assert!(vpcs.iter().any(|row| row.get("aws_extra").is_some()), "members of the future are lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_that_cannot_be_read_is_reported_with_its_request_id() {
    let scene = Scene::set(1, some(1, 1, 2), |_| {}).await;
    scene.sim.add_fault(Fault::new(What::Cut).service(Service::Iam).operation("ListAccountAliases"));
    let request = json!({ "run_id": "alias", "accounts": "all", "resources": ["accounts"] });
    scene.run(request, None).await.expect("a response");
    let ledger = ledger(&scene.out(), "alias");
    let row = told(&ledger, &account_id(0), "global", "accounts");
    assert_eq!(row["status"], "partial", "{row}");
    assert!(row["request_id"].is_string(), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_told_and_nobody_else_suffers() {
    let (tables, zones) = ("DescribeRouteTables", "ListHostedZones");
    let struck = account_id(0);
    let fault =
        |what: What| Fault::new(what).account(&struck).service(Service::Ec2).region("eu-west-1").operation(tables);
    let everywhere = |what: What| Fault::new(what).account(&struck).service(Service::Ec2).region("eu-west-1");
    let dns = |what: What| Fault::new(what).account(&struck).service(Service::Route53).operation(zones);
    let error = What::error;
    let cases: Vec<(&str, Fault, &str, &str, &str)> = vec![
        ("denied", fault(What::Denied), "eu-west-1", "ec2_route_tables", "denied"),
        ("scp", fault(What::ScpDenied), "eu-west-1", "ec2_route_tables", "scp_denied"),
        ("auth", everywhere(error(401, "AuthFailure")), "eu-west-1", "ec2_route_tables", "region_disabled"),
        ("throttle", fault(What::Throttle), "eu-west-1", "ec2_route_tables", "throttled"),
        ("unsupported", fault(error(400, "InvalidAction")), "eu-west-1", "ec2_route_tables", "unsupported"),
        ("internal", fault(error(500, "InternalError")), "eu-west-1", "ec2_route_tables", "failed"),
        ("unavailable", fault(error(503, "Unavailable")), "eu-west-1", "ec2_route_tables", "failed"),
        ("reset", fault(What::Reset), "eu-west-1", "ec2_route_tables", "failed"),
        ("cut", fault(What::Cut), "eu-west-1", "ec2_route_tables", "failed"),
        ("cut without length", fault(What::CutWithoutLength), "eu-west-1", "ec2_route_tables", "failed"),
        ("garbage", fault(What::Garbage), "eu-west-1", "ec2_route_tables", "failed"),
        ("empty 200", fault(What::Empty200), "eu-west-1", "ec2_route_tables", "failed"),
        ("hang", fault(What::Hang), "eu-west-1", "ec2_route_tables", "timed_out"),
        ("drip", fault(What::Drip(Duration::from_millis(50))), "eu-west-1", "ec2_route_tables", "timed_out"),
        ("repeated token", fault(What::RepeatToken), "eu-west-1", "ec2_route_tables", "partial"),
        (
            "second page",
            fault(error(500, "InternalError")).times(Times::After(1)),
            "eu-west-1",
            "ec2_route_tables",
            "partial",
        ),
        ("once", fault(error(500, "InternalError")).times(Times::First(1)), "eu-west-1", "ec2_route_tables", "ok"),
        ("cut once", fault(What::Cut).times(Times::First(1)), "eu-west-1", "ec2_route_tables", "ok"),
        ("throttled once", fault(What::Throttle).times(Times::First(1)), "eu-west-1", "ec2_route_tables", "ok"),
        ("zones denied", dns(What::Denied), "global", "route53_records", "denied"),
        ("zones hang", dns(What::Hang), "global", "route53_hosted_zones", "timed_out"),
    ];
    let faults = cases.into_iter().map(|(name, fault, region, table, status)| {
        let struck = struck.clone();
        async move {
            let scene = Scene::set(3, some(120, 2, 5), |_| {}).await;
            scene.sim.add_fault(fault);
            // Only where time is meant to run out is there little of it.
            let call_timeout = if status == "timed_out" { Duration::from_secs(12) } else { scene.settings.call_timeout };
            let settings = Settings { call_timeout, ..scene.settings.clone() };
            let scene = Scene { settings, ..scene };
            let request = json!({ "run_id": "struck", "accounts": "all", "regions": ["eu-west-1", "us-east-1"], "resources": ["ec2_route_tables", "ec2_subnets", "route53_hosted_zones", "route53_records"] });
            let response = scene.run(request, None).await.expect("a response");
            let ledger = ledger(&scene.out(), "struck");
            let row = told(&ledger, &struck, region, table);
            assert_eq!(row["status"], status, "{name}: {row}");
            if status != "ok" {
                assert!(row["error_message"].is_string(), "{name}: {row}");
                assert!(row["status"] == "timed_out" || row["request_id"].is_string() || name == "reset" || name == "repeated token", "{name}: {row}");
            }
            for row in &ledger {
                let suffers = row["account_id"] == struck.as_str() && row["region"] == region;
                assert!(suffers || row["status"] == "ok", "{name}: {row}");
            }
            // Nothing is doubled, and the records that the ledger counts are there.
            for table in ["ec2_route_tables", "ec2_subnets", "route53_hosted_zones", "route53_records"] {
                let counted: u64 = ledger.iter().filter(|row| row["table"] == table).map(|row| row["records"].as_u64().expect("n")).sum();
                assert_eq!(ids(&scene.out(), "struck", table).len() as u64, counted, "{name}: {table}");
                assert_eq!(response.records[table], counted);
            }
        }
    });
    // Some wait for time-outs, so they are struck side by side.
    futures::stream::iter(faults).buffer_unordered(6).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_account_is_ended_by_its_budget_and_holds_nobody() {
    // So few calls that only the one that hangs takes so long.
    let scene = Scene::set(3, some(3, 1, 5), |_| {}).await;
    scene
        .sim
        .add_fault(Fault::new(What::Hang).account(&account_id(2)).service(Service::Ec2).operation("DescribeVolumes"));
    let settings = Settings { account_budget: Duration::from_secs(12), ..scene.settings.clone() };
    let scene = Scene { settings, ..scene };
    let request = json!({ "run_id": "hung", "accounts": "all", "regions": ["eu-west-1", "eu-central-1"], "resources": ["ec2_volumes", "ec2_vpcs", "accounts"] });
    let response = scene.run(request, None).await.expect("a response");
    assert_eq!((response.accounts.complete, response.accounts.partial), (2, 1));
    assert!(response.remaining.is_none(), "the run's own time did not end");
    let ledger = ledger(&scene.out(), "hung");
    for region in ["eu-west-1", "eu-central-1"] {
        assert_eq!(told(&ledger, &account_id(2), region, "ec2_volumes")["status"], "timed_out");
        assert_eq!(told(&ledger, &account_id(2), region, "ec2_vpcs")["status"], "ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_stays_silent_is_not_asked_on_and_on() {
    let scene = Scene::set(1, some(2, 0, 0), |_| {}).await;
    scene.sim.add_fault(Fault::new(What::Hang).service(Service::Ec2).region("eu-west-1"));
    // One call at a time, so that the rest of the region has not begun yet when the third has run out of time.
    let settings =
        Settings { in_flight: 1, attempts: 1, call_timeout: Duration::from_secs(10), ..scene.settings.clone() };
    let scene = Scene { settings, ..scene };
    let request = json!({ "run_id": "silent", "accounts": "all", "regions": ["eu-west-1", "us-east-1"], "resources": ["ec2_s*", "ec2_v*"] });
    scene.run(request, None).await.expect("a response");
    let ledger = ledger(&scene.out(), "silent");
    for row in &ledger {
        let answered = row["status"] == "ok" || row["status"] == "empty";
        assert!(answered != (row["region"] == "eu-west-1") && (answered || row["status"] == "timed_out"), "{row}");
    }
    let asked: u64 =
        ledger.iter().filter(|row| row["region"] == "eu-west-1").map(|row| row["calls"].as_u64().expect("n")).sum();
    assert_eq!(asked, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expires_in_mid_run_is_assumed_again_once() {
    let scene = Scene::set(2, some(120, 2, 5), |_| {}).await;
    let expired = Fault::new(What::ExpiredSession).account(&account_id(0)).operation("DescribeRouteTables");
    scene.sim.add_fault(expired.times(Times::First(1)));
    let request = json!({ "run_id": "expired", "accounts": "all", "regions": ["eu-west-1", "us-east-1"] });
    let response = scene.run(request.clone(), None).await.expect("a response");
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
    assert_eq!(scene.sim.counts().assumed, [(account_id(0), 2), (account_id(1), 1)].into());
    assert_eq!(ids(&scene.out(), "expired", "ec2_route_tables").len(), 2 * 2 * 120);
    // One that expires at every call is not assumed for ever.
    let scene = Scene::set(2, some(5, 0, 0), |_| {}).await;
    scene.sim.add_fault(Fault::new(What::ExpiredSession).account(&account_id(0)).service(Service::Ec2));
    let response = scene.run(request, None).await.expect("a response");
    assert_eq!((response.accounts.complete, scene.sim.counts().assumed[&account_id(0)]), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_whose_token_goes_stale_starts_again_once_and_doubles_nothing() {
    let scene = Scene::set(1, some(450, 0, 0), |_| {}).await;
    let stale = |times| Fault::error(400, "InvalidPaginationToken").operation("DescribeRouteTables").times(times);
    // The third page's token is refused: two pages are kept, and read again.
    scene.sim.add_fault(stale(Times::After(2)).region("eu-west-1"));
    let request = json!({ "run_id": "stale", "accounts": "all", "regions": ["eu-west-1", "us-east-1"], "resources": ["ec2_route_tables"] });
    scene.run(request, None).await.expect("a response");
    let ledger = ledger(&scene.out(), "stale");
    // It stays refused, so the listing ends as partial, with what had come, once.
    assert_eq!(told(&ledger, &account_id(0), "eu-west-1", "ec2_route_tables")["status"], "partial");
    let counted = told(&ledger, &account_id(0), "eu-west-1", "ec2_route_tables")["records"].as_u64().expect("n");
    assert_eq!(ids(&scene.out(), "stale", "ec2_route_tables").len() as u64, 450 + counted);

    // A token that ages on the way to the second page: the listing starts again and comes to its end.
    let scene = Scene::set(1, some(450, 0, 0), |_| {}).await;
    scene.sim.add_fault(stale(Times::Only(2)));
    let request =
        json!({ "run_id": "aged", "accounts": "all", "regions": ["eu-west-1"], "resources": ["ec2_route_tables"] });
    let response = scene.run(request, None).await.expect("a response");
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
    assert_eq!(ids(&scene.out(), "aged", "ec2_route_tables").len(), 450);
    // The first page, the one that was refused, and all five again.
    assert_eq!(scene.sim.counts().of(&account_id(0), Service::Ec2, "DescribeRouteTables"), 2 + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_another_accounts_is_not_believed() {
    let scene = Scene::set(2, some(1, 0, 0), |world| {
        let role = world.role(&account_id(0), "rolecall-inventory", Some(&format!("ext-{}", account_id(0))));
        role.answers_as = Some("123456789012".into());
    })
    .await;
    let response = scene
        .run(json!({ "run_id": "liar", "accounts": "all", "regions": ["eu-west-1"] }), None)
        .await
        .expect("a response");
    assert_eq!((response.accounts.complete, response.accounts.failed), (1, 1));
    assert!(response.failures[0].message.contains("lies in account 123456789012"), "{:?}", response.failures[0]);
    assert_eq!(scene.sim.counts().of(&account_id(0), Service::Ec2, "DescribeVpcs"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_packs_too_large_is_shortened_and_then_split() {
    let scene = Scene::set(1, some(1, 1, 1), |world| world.packed_policy_limit = Some(1100)).await;
    let response = scene
        .run(json!({ "run_id": "packed", "accounts": "all", "regions": ["eu-west-1"] }), None)
        .await
        .expect("a response");
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_that_may_not_be_listed_are_stood_in_for_and_that_is_told() {
    let scene = Scene::set(1, some(1, 0, 0), |world| {
        world.account(&account_id(0)).deny("ec2:DescribeRegions", true).deny("iam:ListAccountAliases", false);
        world.account(&account_id(0)).opted_in.insert("me-south-1".into());
    })
    .await;
    let request = json!({ "run_id": "stood-in", "accounts": "all", "regions": ["me-*", "eu-west-1"], "resources": ["accounts", "ec2_vpcs"] });
    scene.run(request, None).await.expect("a response");
    let ledger = ledger(&scene.out(), "stood-in");
    assert_eq!(told(&ledger, &account_id(0), "me-south-1", "ec2_vpcs")["status"], "ok");
    let accounts = told(&ledger, &account_id(0), "global", "accounts");
    assert_eq!(accounts["status"], "partial");
    let message = accounts["error_message"].as_str().expect("a message");
    assert!(message.contains("account:ListRegions") && message.contains("iam:ListAccountAliases"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_whose_own_session_has_expired_is_told_before_anything_is_written() {
    let scene = Scene::set(1, some(1, 0, 0), |_| {}).await;
    scene.sim.add_fault(Fault::error(403, "ExpiredToken").operation("GetCallerIdentity"));
    let refused = scene.run(json!({ "accounts": "all" }), None).await.expect_err("refused");
    assert_eq!(refused.kind.name(), "ExpiredCredentials");
    assert!(refused.message.starts_with("the backend's own session has expired: sign in again"), "{refused}");
    assert!(!scene.out().exists() && scene.sim.counts().assumed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_asked_one_by_one_where_nobody_answers_for_ten() {
    let tags_with = async |fault: Option<Fault>| {
        let scene = Scene::set(1, Account { health_checks: 3, ..some(0, 12, 1) }, |_| {}).await;
        if let Some(fault) = fault {
            scene.sim.add_fault(fault);
        }
        let request = json!({ "run_id": "tags", "accounts": "all", "resources": ["route53_*"] });
        let response = scene.run(request, None).await.expect("a response");
        assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
        let manifest = manifest(&scene.out(), "tags");
        let tables = ["route53_hosted_zones", "route53_health_checks"];
        let records = tables.into_iter().flat_map(|table| rows(&scene.out(), &manifest, table));
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
async fn the_sink_uses_no_customers_credentials() {
    let scene = Scene::set(3, some(150, 1, 300), |world| world.bucket("results")).await;
    let settings = Settings { output: Some("s3://results/some/prefix".into()), ..scene.settings.clone() };
    let scene = Scene { settings, ..scene };
    let response = scene
        .run(json!({ "run_id": "in-s3", "accounts": "all", "regions": ["eu-*"] }), None)
        .await
        .expect("a response");
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
    assert_eq!(scene.sim.foreign_s3_calls(), 0);
    assert!(scene.sim.open_uploads().is_empty());
    let objects = scene.sim.objects("results");
    let manifest: Value = serde_json::from_slice(&objects["some/prefix/runs/in-s3/manifest.json"]).expect("JSON");
    for file in manifest["files"].as_array().expect("files") {
        let object = &objects[&format!("some/prefix/{}", file["key"].as_str().expect("a key"))];
        assert_eq!(object.len() as u64, file["bytes"].as_u64().expect("a size"));
    }
    assert!(!objects.contains_key("some/prefix/latest.json"), "a run of some regions moves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_breaks_in_the_middle_commits_nothing_and_leaves_no_upload() {
    let scene = Scene::set(2, some(50, 0, 0), |world| world.bucket("results")).await;
    let settings = Settings { output: Some("s3://results".into()), ..scene.settings.clone() };
    let scene = Scene { settings, ..scene };
    // The plan is the first object that is put.
    scene.sim.add_fault(
        Fault::error(403, "AccessDenied").service(Service::S3).operation("PutObject").times(Times::After(1)),
    );
    let refused = scene
        .run(json!({ "run_id": "broken", "accounts": "all", "regions": ["eu-west-1"] }), None)
        .await
        .expect_err("refused");
    assert_eq!(refused.kind.name(), "OutputNotWritable");
    assert!(!scene.sim.objects("results").keys().any(|key| key.contains("manifest") || key.contains("shards")));
    assert!(scene.sim.open_uploads().is_empty());
}
