//! Interfaces that the internet reaches, and did not reach before.
//!
//! **Invariant:** an interface is new to the internet only if it is certain that it was not reached before.

use std::collections::HashMap;

use serde_json::json;

use super::{NO_SQL, SINCE_OPTION, column};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, ColumnKind, Compares, Options, Question, QuestionSql};
use crate::answers::reach::Reachability;

const INTERFACES: &str = "ec2_network_interfaces";

pub(super) const QUESTION: Question = Question {
    name: "new-public-exposure",
    title: "New public exposure",
    description: "Network interfaces that the internet reaches now, and did not reach at an earlier moment (--since): by their \
                  addresses, security groups, routes and network ACLs. The verdict is `new`, or `unknown` if it is not known whether \
                  the internet reached it before, or reaches it now.",
    why: "What became reachable since yesterday is what nobody has reviewed yet.",
    columns: &[
        column("id", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("addresses", ColumnKind::Json),
        column("allowed_by", ColumnKind::Json),
        column("was_there", ColumnKind::Flag),
        column("verdict", ColumnKind::Text),
    ],
    options: &[SINCE_OPTION],
    reads: &[
        Read::subject(INTERFACES, Reachability::INTERFACE_COLUMNS),
        Reachability::RULES[0],
        Reachability::RULES[1],
        Reachability::RULES[2],
        Reachability::RULES[3],
        Reachability::RULES[4],
        Reachability::RULES[5],
        Reachability::RULES[6],
        Reachability::RULES[7],
    ],
    compares: Some(Compares::Rows),
    sql: QuestionSql::Inexpressible(NO_SQL),
    answer,
};

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let Some(before) = facts.earlier.as_ref().and_then(|earlier| earlier.facts.as_deref()) else { return Vec::new() };
    let (now, then) = (Reachability::new(facts), Reachability::new(before));
    let old: HashMap<(&str, &str, &str), Resource<'_>> =
        before.all(INTERFACES).map(|interface| (key(interface), interface)).collect();
    let mut rows = Vec::new();
    for interface in facts.selected(INTERFACES) {
        let exposure = now.interface(interface);
        if exposure.public == Some(false) {
            continue;
        }
        let earlier = old.get(&key(interface)).copied();
        let was_public = match earlier {
            Some(earlier) => then.interface(earlier).public,
            // An interface that was not there was not reached, if somebody looked.
            None => before.is_answered(interface.account_id(), interface.region(), INTERFACES).then_some(false),
        };
        if was_public == Some(true) {
            continue;
        }
        let verdict = if exposure.public == Some(true) && was_public == Some(false) { "new" } else { "unknown" };
        let was_there = match (earlier, was_public) {
            (Some(_), _) => Some(true),
            (None, Some(_)) => Some(false),
            (None, None) => None,
        };
        let values = vec![
            json!(interface.id()),
            json!(interface.name()),
            json!(exposure.addresses),
            json!(exposure.allowed_by),
            json!(was_there),
            json!(verdict),
        ];
        let row = AnswerRow::of(interface, values);
        rows.push(earlier.into_iter().fold(row, AnswerRow::based_on));
    }
    rows
}

fn key<'a>(interface: Resource<'a>) -> (&'a str, &'a str, &'a str) {
    (interface.account_id(), interface.region(), interface.id())
}
