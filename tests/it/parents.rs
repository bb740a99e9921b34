//! Resource types that are listed once for each resource of a parent type, on the simulated AWS.

use serde_json::json;

use crate::command::{manifest, rows};
use crate::fixture::{Fixture, account_with, ledger, ledger_row};
use crate::sim::{Fault, FaultKind, Kind, Service, Times, account_id};

const REGION: &str = "us-east-1";

fn vpcs_of_one_region(run_id: &str) -> serde_json::Value {
    json!({ "run_id": run_id, "accounts": [account_id(0)], "regions": [REGION], "resources": ["ec2_vpcs"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_vpcs_are_columns_and_a_denial_leaves_them_unknown() {
    let fixture = Fixture::start(1, account_with(2, 0, 0), |_| {}).await;
    fixture.run(vpcs_of_one_region("seen"), None).await.expect("a response");
    let out = fixture.out();
    let mut seen = rows(&out, &manifest(&out, "seen"), "ec2_vpcs");
    seen.sort_by_key(|row| !row["is_default"].as_bool().unwrap_or_default());
    let attributes = |row: &serde_json::Value| (row["enable_dns_support"].clone(), row["enable_dns_hostnames"].clone());
    assert_eq!(
        seen.iter().map(attributes).collect::<Vec<_>>(),
        [(json!(true), json!(true)), (json!(true), json!(false))]
    );
    assert!(seen.iter().all(|row| row["digest"].is_number()), "{seen:?}");
    fixture.sim.add_fault(Fault::new(FaultKind::Denied).service(Service::Ec2).operation("DescribeVpcAttribute"));
    fixture.run(vpcs_of_one_region("denied"), None).await.expect("a response");
    let ledger = ledger(&out, "denied");
    let row = ledger_row(&ledger, &account_id(0), REGION, "ec2_vpcs");
    assert_eq!((&row["status"], &row["error_code"]), (&json!("partial"), &json!("UnauthorizedOperation")), "{row}");
    for row in rows(&out, &manifest(&out, "denied"), "ec2_vpcs") {
        // Neither has an answer, so nobody may take it for one that did not change.
        assert_eq!((attributes(&row), &row["digest"]), ((json!(null), json!(null)), &json!(null)), "{row}");
    }
}

/// A participant sees a VPC that another account shares, and may not be let see its attributes.
#[tokio::test(flavor = "multi_thread")]
async fn a_denial_for_a_shared_vpc_is_no_failure_unless_nothing_was_answered() {
    let fixture = Fixture::start(2, account_with(1, 0, 0), |_| {}).await;
    let vpc = |number: usize| {
        let (owner, id) = (account_id(number), Kind::Vpcs.id(&account_id(number), REGION, 0));
        format!("<item><vpcId>{id}</vpcId><ownerId>{owner}</ownerId></item>")
    };
    for (run_id, vpcs, status) in [("both", vpc(0) + &vpc(1), "ok"), ("shared", vpc(1), "partial")] {
        fixture.sim.clear_faults();
        let answer = format!("<DescribeVpcsResponse><vpcSet>{vpcs}</vpcSet></DescribeVpcsResponse>");
        fixture.sim.add_fault(Fault::new(FaultKind::Answer(answer)).operation("DescribeVpcs"));
        fixture.run(vpcs_of_one_region(run_id), None).await.expect("a response");
        let ledger = ledger(&fixture.out(), run_id);
        let row = ledger_row(&ledger, &account_id(0), REGION, "ec2_vpcs");
        assert_eq!(row["status"], status, "{row}");
        for row in rows(&fixture.out(), &manifest(&fixture.out(), run_id), "ec2_vpcs") {
            let is_own = row["owner_id"] == account_id(0);
            assert_eq!(row["enable_dns_support"].as_bool(), is_own.then_some(true), "{row}");
            assert_eq!(row["digest"].is_null(), !is_own, "{row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zone_associations_are_listed_per_vpc_and_fail_with_it() {
    for with_vpcs in [true, false] {
        let fixture = Fixture::start(1, account_with(7, 0, 0), |_| {}).await;
        let denied = Fault::new(FaultKind::Denied).service(Service::Ec2).region("eu-west-1").operation("DescribeVpcs");
        fixture.sim.add_fault(denied);
        let resources: &[&str] =
            if with_vpcs { &["route53_zone_associations", "ec2_vpcs"] } else { &["route53_zone_associations"] };
        let request = json!({ "run_id": "seen", "accounts": "all", "regions": ["eu-west-1", "us-east-1"],
                              "resources": resources });
        fixture.run(request, None).await.expect("a response");
        let ledger = ledger(&fixture.out(), "seen");
        assert_eq!(ledger.len(), if with_vpcs { 4 } else { 2 });
        let row = ledger_row(&ledger, &account_id(0), "eu-west-1", "route53_zone_associations");
        assert_eq!((&row["status"], &row["parent"]), (&json!("denied"), &json!("ec2_vpcs")), "{row}");
        let row = ledger_row(&ledger, &account_id(0), "us-east-1", "route53_zone_associations");
        assert_eq!((&row["status"], &row["pages"]), (&json!("empty"), &json!(7)), "{row}");
        let counts = fixture.sim.counts();
        assert_eq!(counts.of(&account_id(0), Service::Ec2, "DescribeVpcs"), 2, "parents are read once");
        assert_eq!(counts.of(&account_id(0), Service::Route53, "ListHostedZonesByVPC"), 7);
    }
}

/// If the parents' region is not enabled, the children's cells are `region_disabled` too.
#[tokio::test(flavor = "multi_thread")]
async fn region_disabled_for_parents_holds_for_children() {
    let fixture = Fixture::start(1, account_with(3, 0, 0), |_| {}).await;
    fixture.sim.add_fault(Fault::error(401, "AuthFailure").service(Service::Ec2).region("eu-west-1"));
    let request = json!({ "run_id": "off", "accounts": "all", "regions": ["eu-west-1", "us-east-1"],
                          "resources": ["ec2_vpcs", "ec2_subnets", "route53_zone_associations"] });
    fixture.run(request, None).await.expect("a response");
    for row in ledger(&fixture.out(), "off") {
        let answered = row["status"] == "ok" || row["status"] == "empty";
        assert!(
            answered == (row["region"] == "us-east-1") && (answered || row["status"] == "region_disabled"),
            "{row}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zone_deleted_during_the_run_is_no_failure() {
    let fixture = Fixture::start(1, account_with(0, 4, 10), |_| {}).await;
    let gone = Fault::new(FaultKind::DeletedZone).operation("ListResourceRecordSets").times(Times::First(1));
    fixture.sim.add_fault(gone);
    let response = fixture
        .run(json!({ "run_id": "gone", "accounts": "all", "resources": ["route53_*"] }), None)
        .await
        .expect("a response");
    assert_eq!(response.records["route53_hosted_zones"], 3);
    let ledger = ledger(&fixture.out(), "gone");
    for table in ["route53_hosted_zones", "route53_records"] {
        assert_eq!(ledger_row(&ledger, &account_id(0), "global", table)["status"], "ok");
    }
}
