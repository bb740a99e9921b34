//! `unattached-addresses`, `unattached-volumes`, `unattached-interfaces`: what is paid for or kept, and used by
//! nothing.
//!
//! **Invariant:** only AWS's own word that nothing is attached counts.

use serde_json::{Value, json};

use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionSql};

pub(super) const ADDRESSES: Question = Question {
    name: "unattached-addresses",
    title: "Unattached elastic addresses",
    description: "Elastic addresses that are associated with nothing.",
    why: "AWS charges an address that nothing uses like any other. Who releases it cannot count on getting it back.",
    columns: &[
        QuestionColumn { name: "public_ip", kind: ColumnKind::Text },
        QuestionColumn { name: "allocation_id", kind: ColumnKind::Text },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
        QuestionColumn { name: "public_ipv4_pool", kind: ColumnKind::Text },
        QuestionColumn { name: "network_border_group", kind: ColumnKind::Text },
        QuestionColumn { name: "service_managed", kind: ColumnKind::Text },
    ],
    options: &[],
    reads: &[Read::subject(
        "ec2_addresses",
        &[
            "public_ip",
            "carrier_ip",
            "customer_owned_ip",
            "allocation_id",
            "association_id",
            "network_interface_id",
            "instance_id",
            "public_ipv4_pool",
            "network_border_group",
            "service_managed",
        ],
    )],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unattached-addresses.duckdb.sql"),
        athena: include_str!("../sql/unattached-addresses.athena.sql"),
    },
    answer: addresses,
};

pub(super) const VOLUMES: Question = Question {
    name: "unattached-volumes",
    title: "Unattached volumes",
    description: "Volumes in the state `available`, with their size in GiB and their age in days.",
    why: "A volume costs the same whether an instance uses it or not, and its data is easily forgotten.",
    columns: &[
        QuestionColumn { name: "volume_id", kind: ColumnKind::Text },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
        QuestionColumn { name: "size", kind: ColumnKind::Integer },
        QuestionColumn { name: "volume_type", kind: ColumnKind::Text },
        QuestionColumn { name: "age_days", kind: ColumnKind::Integer },
        QuestionColumn { name: "encrypted", kind: ColumnKind::Flag },
        QuestionColumn { name: "create_time", kind: ColumnKind::Time },
    ],
    options: &[],
    reads: &[Read::subject("ec2_volumes", &["state", "size", "volume_type", "create_time", "encrypted"])],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unattached-volumes.duckdb.sql"),
        athena: include_str!("../sql/unattached-volumes.athena.sql"),
    },
    answer: volumes,
};

pub(super) const INTERFACES: Question = Question {
    name: "unattached-interfaces",
    title: "Unattached network interfaces",
    description: "Network interfaces in the state `available`. `requester_managed` marks those that an AWS service \
                  manages.",
    why: "They hold addresses of their subnets, and security groups and subnets cannot be deleted while they exist.",
    columns: &[
        QuestionColumn { name: "network_interface_id", kind: ColumnKind::Text },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
        QuestionColumn { name: "requester_managed", kind: ColumnKind::Flag },
        QuestionColumn { name: "requester_id", kind: ColumnKind::Text },
        QuestionColumn { name: "interface_type", kind: ColumnKind::Text },
        QuestionColumn { name: "description", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_id", kind: ColumnKind::Text },
        QuestionColumn { name: "subnet_id", kind: ColumnKind::Text },
        QuestionColumn { name: "private_ip_address", kind: ColumnKind::Text },
    ],
    options: &[],
    reads: &[Read::subject(
        "ec2_network_interfaces",
        &[
            "status",
            "requester_managed",
            "requester_id",
            "operator",
            "interface_type",
            "description",
            "vpc_id",
            "subnet_id",
            "private_ip_address",
        ],
    )],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unattached-interfaces.duckdb.sql"),
        athena: include_str!("../sql/unattached-interfaces.athena.sql"),
    },
    answer: interfaces,
};

/// The text of a column. An empty one is none.
fn filled<'a>(resource: Resource<'a>, column: &str) -> Option<&'a str> {
    resource.text(column).filter(|text| !text.is_empty())
}

fn addresses(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let is_free = |address: &Resource<'_>| {
        let users = ["association_id", "network_interface_id", "instance_id"];
        users.iter().all(|column| filled(*address, column).is_none())
    };
    let row = |address: Resource<'_>| {
        let text = |column: &str| filled(address, column);
        let ip = text("public_ip").or_else(|| text("carrier_ip")).or_else(|| text("customer_owned_ip"));
        let values = vec![
            json!(ip),
            json!(text("allocation_id")),
            json!(address.name()),
            json!(text("public_ipv4_pool")),
            json!(text("network_border_group")),
            json!(text("service_managed")),
        ];
        AnswerRow::of(address, values)
    };
    facts.selected("ec2_addresses").filter(is_free).map(row).collect()
}

fn volumes(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let row = |volume: Resource<'_>| {
        let created = volume.time("create_time");
        // Days of 24 hours. A clock that is ahead makes no negative age.
        let age = created.map(|created| (facts.at.as_second() - created.as_second()).max(0) / 86_400);
        let values = vec![
            json!(volume.id()),
            json!(volume.name()),
            json!(volume.integer("size")),
            json!(filled(volume, "volume_type")),
            json!(age),
            json!(volume.flag("encrypted")),
            created.map_or(Value::Null, |created| json!(created.to_string())),
        ];
        AnswerRow::of(volume, values)
    };
    facts.selected("ec2_volumes").filter(|volume| volume.text("state") == Some("available")).map(row).collect()
}

fn interfaces(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let row = |interface: Resource<'_>| {
        let text = |column: &str| json!(filled(interface, column));
        let is_managed = interface.flag("requester_managed") == Some(true)
            || interface.json("operator")["Managed"].as_bool() == Some(true);
        let values = vec![
            json!(interface.id()),
            json!(interface.name()),
            json!(is_managed),
            text("requester_id"),
            text("interface_type"),
            text("description"),
            text("vpc_id"),
            text("subnet_id"),
            text("private_ip_address"),
        ];
        AnswerRow::of(interface, values)
    };
    let is_free = |interface: &Resource<'_>| interface.text("status") == Some("available");
    facts.selected("ec2_network_interfaces").filter(is_free).map(row).collect()
}
