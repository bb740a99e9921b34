//! What is listed for each resource of another type, against the simulated AWS.

use serde_json::json;

use crate::scene::{Scene, ledger, some, told};
use crate::sim::{Fault, Service, Times, What, account_id};

#[tokio::test(flavor = "multi_thread")]
async fn zones_that_vpcs_see_are_asked_for_every_vpc_and_suffer_where_vpcs_may_not_be_listed() {
    for with_vpcs in [true, false] {
        let scene = Scene::set(1, some(7, 0, 0), |_| {}).await;
        let denied = Fault::new(What::Denied).service(Service::Ec2).region("eu-west-1").operation("DescribeVpcs");
        scene.sim.add_fault(denied);
        let resources: &[&str] =
            if with_vpcs { &["route53_zone_associations", "ec2_vpcs"] } else { &["route53_zone_associations"] };
        let request = json!({ "run_id": "seen", "accounts": "all", "regions": ["eu-west-1", "us-east-1"],
                              "resources": resources });
        scene.run(request, None).await.expect("a response");
        let ledger = ledger(&scene.out(), "seen");
        assert_eq!(ledger.len(), if with_vpcs { 4 } else { 2 });
        let row = told(&ledger, &account_id(0), "eu-west-1", "route53_zone_associations");
        assert_eq!((&row["status"], &row["parent"]), (&json!("denied"), &json!("ec2_vpcs")), "{row}");
        let row = told(&ledger, &account_id(0), "us-east-1", "route53_zone_associations");
        assert_eq!((&row["status"], &row["pages"]), (&json!("empty"), &json!(7)), "{row}");
        let counts = scene.sim.counts();
        assert_eq!(counts.of(&account_id(0), Service::Ec2, "DescribeVpcs"), 2, "parents are read once");
        assert_eq!(counts.of(&account_id(0), Service::Route53, "ListHostedZonesByVPC"), 7);
    }
}

/// The parents of a region that is not enabled say so of their children too.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_region_is_one_for_what_hangs_on_its_resources() {
    let scene = Scene::set(1, some(3, 0, 0), |_| {}).await;
    scene.sim.add_fault(Fault::error(401, "AuthFailure").service(Service::Ec2).region("eu-west-1"));
    let request = json!({ "run_id": "off", "accounts": "all", "regions": ["eu-west-1", "us-east-1"],
                          "resources": ["ec2_vpcs", "ec2_subnets", "route53_zone_associations"] });
    scene.run(request, None).await.expect("a response");
    for row in ledger(&scene.out(), "off") {
        let answered = row["status"] == "ok" || row["status"] == "empty";
        assert!(
            answered == (row["region"] == "us-east-1") && (answered || row["status"] == "region_disabled"),
            "{row}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_is_deleted_meanwhile_makes_nothing() {
    let scene = Scene::set(1, some(0, 4, 10), |_| {}).await;
    let gone = Fault::new(What::DeletedZone).operation("ListResourceRecordSets").times(Times::First(1));
    scene.sim.add_fault(gone);
    let response = scene
        .run(json!({ "run_id": "gone", "accounts": "all", "resources": ["route53_*"] }), None)
        .await
        .expect("a response");
    assert_eq!(response.records["route53_hosted_zones"], 3);
    let ledger = ledger(&scene.out(), "gone");
    for table in ["route53_hosted_zones", "route53_records"] {
        assert_eq!(told(&ledger, &account_id(0), "global", table)["status"], "ok");
    }
}
