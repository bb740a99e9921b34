//! Health checks to which nothing refers.
//!
//! **Invariant:** records of every account count, and calculated health checks count for those that they calculate with.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::connectivity::values::{column, list, text};
use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use crate::answers::facts::{Facts, Read, RowFilter};

const CHECKS: &str = "route53_health_checks";
const RECORDS: &str = "route53_records";

pub(super) const QUESTION: Question = Question {
    name: "unused-health-checks",
    title: "Health checks that nothing uses",
    description: "Health checks to which no record set of any account and no calculated health check refers. The verdict is \
                  `unknown` if the record sets of an account are not known.",
    why: "A health check costs by the month, and its alarm is about something that nobody asks for.",
    columns: &[
        column("id", ColumnKind::Text),
        column("arn", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("type", ColumnKind::Text),
        column("target", ColumnKind::Text),
        column("linked_service", ColumnKind::Text),
        column("verdict", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject(CHECKS, &["health_check_config", "linked_service"]),
        Read::context(RECORDS, &["health_check_id"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unused-health-checks.duckdb.sql"),
        athena: include_str!("../sql/unused-health-checks.athena.sql"),
    },
    answer,
};

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut used: HashSet<String> =
        facts.all(RECORDS).filter_map(|record| record.text("health_check_id")).map(str::to_owned).collect();
    for check in facts.all(CHECKS) {
        let config = check.json("health_check_config");
        used.extend(list(&config, "ChildHealthChecks").filter_map(Value::as_str).map(str::to_owned));
    }
    let knows_records = facts.cells.coverage(&[Read::context(RECORDS, &[])], &RowFilter::default()).unknown.is_empty();
    let mut rows = Vec::new();
    for check in facts.selected(CHECKS).filter(|check| !used.contains(check.id())) {
        let is_known = knows_records && facts.is_answered(check.account_id(), check.region(), CHECKS);
        let config = check.json("health_check_config");
        let values = vec![
            json!(check.id()),
            json!(check.arn()),
            json!(check.name()),
            json!(text(&config, &["Type"])),
            json!(text(&config, &["FullyQualifiedDomainName"]).or(text(&config, &["IPAddress"]))),
            json!(text(&check.json("linked_service"), &["ServicePrincipal"])),
            json!(if is_known { "unused" } else { "unknown" }),
        ];
        rows.push(AnswerRow::of(check, values));
    }
    rows
}
