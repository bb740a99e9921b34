//! Checks which VPCs are called unlogged, and when that is unknown.

use serde_json::{Value, json};

use super::{A, B, R, ask, estate, of};
use crate::answers::facts::FactsBuilder;
use crate::inventory::Status;

/// An estate of VPCs with two subnets and one interface each, of which these are logged.
fn logged(ids: &[&str]) -> FactsBuilder {
    let mut estate = estate("missing-flow-logs");
    for vpc in ["1", "2"] {
        estate = estate
            .row("ec2_vpcs", of(A, &format!("vpc-{vpc}"), json!({"is_default": false, "cidr_block": "10.0.0.0/16"})));
        for subnet in ["a", "b"] {
            let more = json!({"vpc_id": format!("vpc-{vpc}")});
            estate = estate.row("ec2_subnets", of(A, &format!("subnet-{vpc}{subnet}"), more));
        }
        let more = json!({"vpc_id": format!("vpc-{vpc}"), "subnet_id": format!("subnet-{vpc}a")});
        estate = estate.row("ec2_network_interfaces", of(A, &format!("eni-{vpc}"), more));
    }
    for id in ids {
        let more = json!({"resource_id": id, "flow_log_status": "ACTIVE"});
        estate = estate.row("ec2_flow_logs", of(A, &format!("fl-{id}"), more));
    }
    estate
}

fn verdicts(estate: FactsBuilder) -> Vec<Value> {
    let rows = ask("missing-flow-logs", &estate.facts(), &["id", "verdict"]);
    rows.into_iter().map(|row| json!([row[2], row[3]])).collect()
}

#[test]
fn vpcs_without_flow_logs() {
    let both = |first: &str, second: &str| vec![json!(["vpc-1", first]), json!(["vpc-2", second])];
    assert_eq!(verdicts(logged(&[])), both("missing", "missing"));
    assert_eq!(verdicts(logged(&["vpc-1"])), [json!(["vpc-2", "missing"])]);
    assert_eq!(verdicts(logged(&["subnet-1b", "tgw-1"])), both("partial", "missing"));
    assert_eq!(verdicts(logged(&["subnet-1a", "subnet-1b"])), [json!(["vpc-2", "missing"])]);
    assert_eq!(verdicts(logged(&["eni-2"])), [json!(["vpc-1", "missing"])]);
}

#[test]
fn flow_logs_that_nobody_could_list_are_unknown() {
    let denied = |ids: &[&str], table: &str| verdicts(logged(ids).status(A, R, table, Status::Denied));
    let (one, two) = (json!(["vpc-1", "unknown"]), json!(["vpc-2", "unknown"]));
    assert_eq!(
        denied(&["vpc-1"], "ec2_flow_logs"),
        std::slice::from_ref(&two),
        "it had a flow log when it was last answered"
    );
    assert_eq!(denied(&[], "ec2_flow_logs"), [one.clone(), two.clone()]);
    assert_eq!(denied(&["subnet-1a", "subnet-1b"], "ec2_subnets"), [one.clone(), json!(["vpc-2", "missing"])]);
    assert_eq!(denied(&["subnet-x"], "ec2_subnets"), [one.clone(), two], "the subnet may be of either");
    assert_eq!(denied(&["eni-1"], "ec2_network_interfaces"), [one, json!(["vpc-2", "missing"])]);
    let participant = of(B, "eni-b", json!({"vpc_id": "vpc-1", "subnet_id": "subnet-1a"}));
    let shared = logged(&[]).row("ec2_network_interfaces", participant).status(B, R, "ec2_flow_logs", Status::Failed);
    assert_eq!(verdicts(shared), [json!(["vpc-1", "unknown"]), json!(["vpc-2", "missing"])]);
}

/// The same estate with a flow log of this resource in this state.
fn with_log(estate: FactsBuilder, id: &str, status: Value, delivery: Value) -> FactsBuilder {
    let more = json!({"resource_id": id, "flow_log_status": status, "deliver_logs_status": delivery});
    estate.row("ec2_flow_logs", of(A, &format!("fl-more-{id}"), more))
}

#[test]
fn flow_logs_that_are_not_delivered_are_no_logging() {
    let failed = |estate: FactsBuilder, id: &str| with_log(estate, id, json!("ACTIVE"), json!("FAILED"));
    let verdict = |estate: FactsBuilder| verdicts(estate)[0].clone();
    assert_eq!(verdict(failed(logged(&[]), "vpc-1")), json!(["vpc-1", "failing"]));
    assert_eq!(verdict(failed(logged(&[]), "subnet-1a")), json!(["vpc-1", "failing"]));
    assert_eq!(verdict(failed(logged(&[]), "eni-1")), json!(["vpc-1", "failing"]));
    assert_eq!(verdict(failed(logged(&["subnet-1b"]), "vpc-1")), json!(["vpc-1", "failing"]));
    assert_eq!(verdict(failed(logged(&["vpc-1"]), "vpc-1")), json!(["vpc-2", "missing"]), "another one is delivered");
    assert_eq!(verdict(failed(logged(&["vpc-1"]), "subnet-1a")), json!(["vpc-2", "missing"]), "the VPC's is delivered");
    assert_eq!(verdict(failed(logged(&["subnet-1a", "subnet-1b"]), "vpc-1")), json!(["vpc-2", "missing"]));
    assert_eq!(verdict(failed(logged(&[]), "tgw-attach-1")), json!(["vpc-1", "missing"]));
    let denied = failed(logged(&[]), "vpc-1").status(A, R, "ec2_flow_logs", Status::Denied);
    assert_eq!(verdict(denied), json!(["vpc-1", "unknown"]));
    let counts = ask("missing-flow-logs", &failed(logged(&["subnet-1b"]), "subnet-1a").facts(), &["logged_subnets"]);
    assert_eq!(counts[0], json!([A, R, 0]));
    assert_eq!(counts[1], json!([A, R, 1]));
}

#[test]
fn states_of_flow_logs_are_read_in_any_case_and_may_be_missing() {
    let first = |status: Value, delivery: Value| verdicts(with_log(logged(&[]), "vpc-1", status, delivery))[0].clone();
    for (status, delivery) in [("ACTIVE", "SUCCESS"), ("active", "success"), ("Active", "DELIVERING")] {
        assert_eq!(first(json!(status), json!(delivery)), json!(["vpc-2", "missing"]), "{status} {delivery}");
    }
    assert_eq!(first(Value::Null, Value::Null), json!(["vpc-2", "missing"]), "AWS tells no failure");
    assert_eq!(first(json!("active"), json!("Failed")), json!(["vpc-1", "failing"]));
    assert_eq!(first(json!("DELETING"), json!("SUCCESS")), json!(["vpc-1", "missing"]));
    assert_eq!(first(json!("DELETING"), json!("FAILED")), json!(["vpc-1", "missing"]));
}
