//! The question about security groups that are open to the internet.
//!
//! **Invariant:** a rule is called unused or shielded only if every interface that may have its group was seen.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};

use super::columns::{integer, list, text};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionSql};
use crate::answers::reach::{Exposure, Reachability, Traffic};

const INTERFACES: &str = "ec2_network_interfaces";

pub(super) const OPEN_SECURITY_GROUPS: Question = Question {
    name: "open-security-groups",
    title: "Security groups open to the internet",
    description: "Inbound rules of security groups that let most of the internet in, whatever ranges or prefix lists it is written \
                  as. `open`: an interface is reached by the rule. `shielded`: none is, since its address, route, network ACL or block \
                  public access prevents it. `unused`: no interface has the group. `used_by` lists the interfaces that are reached.",
    why: "An open rule is a risk where it reaches something. Everywhere else it becomes one with the next public address or route.",
    columns: &[
        text("group_id"),
        text("group_name"),
        text("vpc_id"),
        text("protocol"),
        integer("from_port"),
        integer("to_port"),
        text("cidr"),
        list("used_by"),
        text("verdict"),
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_security_groups", &["group_name", "ip_permissions", "vpc_id"]),
        Read::context(INTERFACES, Reachability::INTERFACE_COLUMNS),
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
    answer: open_security_groups,
};

/// What is known of one open rule.
#[derive(Default)]
struct OpenPorts<'a> {
    sources: Vec<String>,
    is_certain: bool,
    /// The interfaces that are reached by it.
    reached: Vec<Resource<'a>>,
    /// Whether it may reach one more.
    may_reach: bool,
}

/// The rules of a group by their traffic.
type ByTraffic<'a> = BTreeMap<Traffic, OpenPorts<'a>>;

/// The interfaces of an estate, as its security groups see them.
#[derive(Default)]
struct Users<'a> {
    /// The groups that an interface has.
    used: HashSet<String>,
    rules: HashMap<String, ByTraffic<'a>>,
    /// The accounts that may have interfaces in a VPC.
    accounts: HashMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Users<'a> {
    fn new(facts: &'a Facts, reach: &Reachability<'a>) -> Self {
        let mut users = Self::default();
        for interface in facts.all(INTERFACES) {
            let groups = interface.items("groups");
            users.used.extend(groups.iter().filter_map(|group| group["GroupId"].as_str().map(str::to_owned)));
            users.add(interface, &reach.interface(interface));
        }
        for subnet in facts.all("ec2_subnets") {
            let accounts = users.accounts.entry(subnet.text("vpc_id").unwrap_or_default()).or_default();
            accounts.insert(subnet.account_id());
            accounts.extend(subnet.observers());
        }
        users
    }

    fn add(&mut self, interface: Resource<'a>, exposure: &Exposure) {
        for effect in &exposure.rules {
            let of_group = self.rules.entry(effect.group_id.clone()).or_default();
            let ports = of_group.entry(effect.traffic).or_default();
            ports.name(&effect.sources);
            match effect.public {
                Some(true) if ports.reached.last().is_some_and(|last| last.id() == interface.id()) => {}
                Some(true) => ports.reached.push(interface),
                Some(false) => {}
                None => ports.may_reach = true,
            }
        }
    }

    /// Whether every interface that may have a group was seen.
    fn are_known(&self, facts: &Facts, group: Resource<'_>) -> bool {
        let of_vpc = group.text("vpc_id").and_then(|vpc| self.accounts.get(vpc)).into_iter().flatten().copied();
        let mut accounts = of_vpc.chain(group.observers()).chain([group.account_id()]);
        accounts.all(|account| facts.is_answered(account, group.region(), INTERFACES))
    }
}

impl OpenPorts<'_> {
    /// Adds where the traffic may come from.
    fn name(&mut self, sources: &[String]) {
        for source in sources {
            if !self.sources.contains(source) {
                self.sources.push(source.clone());
            }
        }
    }

    fn verdict(&self, is_used: bool, are_known: bool) -> &'static str {
        let is_certain = self.is_certain && !self.may_reach && are_known;
        match (self.reached.is_empty(), is_certain, is_used) {
            (false, ..) => "open",
            (true, false, _) => "unknown",
            (true, true, true) => "shielded",
            (true, true, false) => "unused",
        }
    }
}

fn open_security_groups(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let reach = Reachability::new(facts);
    let mut users = Users::new(facts, &reach);
    let mut rows = Vec::new();
    for group in facts.selected("ec2_security_groups") {
        // Rules that are open only together with those of another group are known from the interfaces.
        let mut rules = users.rules.remove(group.id()).unwrap_or_default();
        for ports in rules.values_mut() {
            ports.is_certain = true;
        }
        let mut own: BTreeMap<Traffic, bool> = BTreeMap::new();
        for opening in reach.openings(group.id()) {
            rules.entry(opening.traffic).or_default().name(&opening.sources);
            *own.entry(opening.traffic).or_default() |= opening.is_certain;
        }
        for (traffic, is_certain) in own {
            rules.entry(traffic).or_default().is_certain = is_certain;
        }
        let (is_used, are_known) = (users.used.contains(group.id()), users.are_known(facts, group));
        rows.extend(
            rules.iter().map(|(traffic, ports)| row(group, *traffic, ports, ports.verdict(is_used, are_known))),
        );
    }
    rows
}

fn row(group: Resource<'_>, traffic: Traffic, ports: &OpenPorts<'_>, verdict: &str) -> AnswerRow {
    let numbers = traffic.ports();
    let mut used_by: Vec<&str> = ports.reached.iter().map(|interface| interface.id()).collect();
    used_by.sort_unstable();
    let values: Vec<Value> = vec![
        json!(group.id()),
        json!(group.text("group_name")),
        json!(group.text("vpc_id")),
        json!(traffic.protocol_name()),
        json!(numbers.map(|(first, _)| first)),
        json!(numbers.map(|(_, last)| last)),
        json!(ports.sources.join(", ")),
        json!(used_by),
        json!(verdict),
    ];
    ports.reached.iter().fold(AnswerRow::of(group, values), |row, interface| row.based_on(*interface))
}
