//! Resource types that are listed once for each resource of a parent type, on the simulated AWS.

use serde_json::json;

use crate::fixture::{Fixture, account_with, ledger, ledger_row};
use crate::sim::{Fault, FaultKind, Service, Times, account_id};

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
