//! VPCs whose traffic is not logged, or not all of it.
//!
//! AWS says of a flow log whether its delivery works (`SUCCESS` or `FAILED`). One that fails logs nothing that somebody could
//! read: the destination or the role is gone or refuses, or CloudWatch Logs drops a part for its rate. A log of which AWS says
//! nothing counts as delivered.
//!
//! **Invariant:** a log that AWS fails to deliver is no logging. Which traffic a log keeps is not looked at.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::column;
use crate::answers::facts::{Facts, Read, Resource};

const LOGS: &str = "ec2_flow_logs";
const SUBNETS: &str = "ec2_subnets";
const INTERFACES: &str = "ec2_network_interfaces";

pub(super) const QUESTION: Question = Question {
    name: "missing-flow-logs",
    title: "VPCs without flow logs",
    description: "VPCs without a flow log of their own, and not on all of their subnets or interfaces either. A log that AWS fails to \
                  deliver does not count. The verdict is `missing`, `partial` if some subnets or interfaces are logged, `failing` \
                  if the delivery of a log fails, or `unknown`.",
    why: "Without flow logs nobody can tell afterwards who talked to whom.",
    columns: &[
        column("id", ColumnKind::Text),
        column("arn", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("cidr_block", ColumnKind::Text),
        column("is_default", ColumnKind::Flag),
        column("subnets", ColumnKind::Integer),
        column("logged_subnets", ColumnKind::Integer),
        column("interfaces", ColumnKind::Integer),
        column("logged_interfaces", ColumnKind::Integer),
        column("verdict", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_vpcs", &["cidr_block", "is_default"]),
        Read::context(LOGS, &["resource_id", "flow_log_status", "deliver_logs_status"]),
        Read::context(SUBNETS, &["vpc_id"]),
        Read::context(INTERFACES, &["vpc_id", "subnet_id"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/missing-flow-logs.duckdb.sql"),
        athena: include_str!("../sql/missing-flow-logs.athena.sql"),
    },
    answer,
};

/// The parts of a VPC, and how many of them are logged.
#[derive(Default)]
struct LoggedParts<'a> {
    subnets: u64,
    logged_subnets: u64,
    interfaces: u64,
    logged_interfaces: u64,
    /// Whether one that is not logged has a log that is not delivered.
    is_failing: bool,
    /// The accounts that own interfaces in it. They may log them.
    accounts: BTreeSet<&'a str>,
}

/// The flow logs of an estate, by what they log.
struct FlowLogs<'a> {
    facts: &'a Facts,
    estate: BTreeSet<&'a str>,
    /// The ids of what has a log that is delivered.
    logged: HashSet<&'a str>,
    /// The ids of what has a log that is not delivered.
    failing: HashSet<&'a str>,
    parts: HashMap<&'a str, LoggedParts<'a>>,
    /// The accounts and regions with flow logs of subnets or interfaces whose VPC is not known.
    unplaced: HashSet<(&'a str, &'a str)>,
}

impl<'a> FlowLogs<'a> {
    fn new(facts: &'a Facts) -> Self {
        let active = facts.all(LOGS).filter(|log| is(*log, "flow_log_status", "ACTIVE") != Some(false));
        let active = active.filter_map(|log| Some((log, log.text("resource_id")?)));
        let (failed, logs): (Vec<_>, Vec<(Resource<'a>, &'a str)>) =
            active.partition(|(log, _)| is(*log, "deliver_logs_status", "FAILED") == Some(true));
        let failing: HashSet<&str> = failed.iter().map(|(_, id)| *id).collect();
        let logged: HashSet<&str> = logs.iter().map(|(_, id)| *id).collect();
        let mut parts: HashMap<&str, LoggedParts<'a>> = HashMap::new();
        let mut placed: HashSet<&str> = HashSet::new();
        for subnet in facts.all(SUBNETS) {
            let of_vpc = parts.entry(subnet.text("vpc_id").unwrap_or_default()).or_default();
            let is_logged = logged.contains(subnet.id());
            of_vpc.subnets += 1;
            of_vpc.logged_subnets += u64::from(is_logged);
            of_vpc.is_failing |= !is_logged && failing.contains(subnet.id());
            placed.insert(subnet.id());
        }
        for interface in facts.all(INTERFACES) {
            let of_vpc = parts.entry(interface.text("vpc_id").unwrap_or_default()).or_default();
            let is_logged =
                [Some(interface.id()), interface.text("subnet_id")].iter().flatten().any(|id| logged.contains(id));
            of_vpc.interfaces += 1;
            of_vpc.logged_interfaces += u64::from(is_logged);
            of_vpc.is_failing |= !is_logged && failing.contains(interface.id());
            of_vpc.accounts.insert(interface.account_id());
            placed.insert(interface.id());
        }
        let is_part = |id: &str| id.starts_with("subnet-") || id.starts_with("eni-");
        let unplaced = logs.iter().filter(|(_, id)| is_part(id) && !placed.contains(id));
        let unplaced = unplaced.map(|(log, _)| (log.account_id(), log.region())).collect();
        Self { facts, estate: facts.cells.accounts(), logged, failing, parts, unplaced }
    }

    /// The verdict on a VPC. None if all of its traffic is logged.
    fn verdict(&self, vpc: Resource<'a>, parts: &LoggedParts<'a>) -> Option<&'static str> {
        if self.logged.contains(vpc.id()) {
            return None;
        }
        let (owner, region) = (vpc.account_id(), vpc.region());
        let others = vpc.observers().chain(parts.accounts.iter().copied());
        let others = others.filter(|account| self.estate.contains(account));
        let accounts: BTreeSet<&str> = others.chain([owner]).collect();
        if accounts.iter().any(|account| !self.facts.is_answered(account, region, LOGS)) {
            return Some("unknown");
        }
        let knows_subnets = self.facts.is_answered(owner, region, SUBNETS);
        let knows_interfaces = self.facts.is_answered(owner, region, INTERFACES);
        if parts.subnets > 0 && parts.subnets == parts.logged_subnets {
            return (!knows_subnets).then_some("unknown");
        }
        if parts.interfaces > 0 && parts.interfaces == parts.logged_interfaces {
            return (!knows_interfaces).then_some("unknown");
        }
        let is_certain = knows_subnets && knows_interfaces;
        let has_unplaced = || accounts.iter().any(|account| self.unplaced.contains(&(*account, region)));
        let has_some = parts.logged_subnets + parts.logged_interfaces > 0;
        if !is_certain && (has_some || has_unplaced()) {
            return Some("unknown");
        }
        let is_failing = parts.is_failing || self.failing.contains(vpc.id());
        Some(match (is_failing, has_some) {
            (true, _) => "failing",
            (false, true) => "partial",
            (false, false) => "missing",
        })
    }
}

/// Whether a column has this word, in any case. None if it is empty.
fn is(log: Resource<'_>, column: &str, word: &str) -> Option<bool> {
    log.text(column).map(|text| text.eq_ignore_ascii_case(word))
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let logs = FlowLogs::new(facts);
    let none = LoggedParts::default();
    let mut rows = Vec::new();
    for vpc in facts.selected("ec2_vpcs") {
        let parts = logs.parts.get(vpc.id()).unwrap_or(&none);
        let Some(verdict) = logs.verdict(vpc, parts) else { continue };
        let values = vec![
            json!(vpc.id()),
            json!(vpc.arn()),
            json!(vpc.name()),
            json!(vpc.text("cidr_block")),
            json!(vpc.flag("is_default")),
            json!(parts.subnets),
            json!(parts.logged_subnets),
            json!(parts.interfaces),
            json!(parts.logged_interfaces),
            json!(verdict),
        ];
        rows.push(AnswerRow::of(vpc, values));
    }
    rows
}
