//! The question about instances that the internet reaches.
//!
//! **Invariant:** an instance is left out only if something certain keeps the internet out.

use serde_json::json;

use super::columns::{list, text};
use crate::answers::facts::{Facts, Read};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionSql};
use crate::answers::reach::Reachability;

pub(super) const EXPOSED_INSTANCES: Question = Question {
    name: "exposed-instances",
    title: "Instances that the internet reaches",
    description: "Instances with a public address that most of the internet reaches: through security groups, routes, network ACLs and \
                  block public access together. `unknown`: something on the way was not seen; `reason` says what. Stopped instances \
                  count, since they are reached again once they are started.",
    why: "Everything that listens on these ports is attacked all day, and should be meant to be there.",
    columns: &[
        text("instance_id"),
        text("name"),
        text("state"),
        text("vpc_id"),
        text("subnet_id"),
        list("addresses"),
        list("ports"),
        list("allowed_by"),
        text("verdict"),
        text("reason"),
    ],
    options: &[],
    reads: &[
        Read::subject(
            "ec2_instances",
            &[
                "ipv6_address",
                "network_interfaces",
                "public_ip_address",
                "security_groups",
                "state",
                "subnet_id",
                "vpc_id",
            ],
        ),
        Reachability::RULES[0],
        Reachability::RULES[1],
        Reachability::RULES[2],
        Reachability::RULES[3],
        Reachability::RULES[4],
        Reachability::RULES[5],
        Reachability::RULES[6],
        Reachability::RULES[7],
    ],
    compares: None,
    sql: QuestionSql::Inexpressible(
        "The answer follows sets of ports and of ranges from security groups through network ACLs, routes and block public \
         access, and SQL has no such sets.",
    ),
    answer: exposed_instances,
};

fn exposed_instances(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let reach = Reachability::new(facts);
    let mut rows = Vec::new();
    for instance in facts.selected("ec2_instances") {
        let exposure = reach.instance(instance);
        let verdict = match exposure.public {
            Some(true) => "reachable",
            Some(false) => continue,
            None => "unknown",
        };
        let ports: Vec<String> = exposure.traffic.iter().map(ToString::to_string).collect();
        rows.push(AnswerRow::of(
            instance,
            vec![
                json!(instance.id()),
                json!(instance.name()),
                instance.json("state")["Name"].clone(),
                json!(instance.text("vpc_id")),
                json!(instance.text("subnet_id")),
                json!(exposure.addresses),
                json!(ports),
                json!(exposure.allowed_by),
                json!(verdict),
                json!(Some(exposure.reason).filter(|reason| !reason.is_empty())),
            ],
        ));
    }
    rows
}
