//! The links of VPCs: to the internet, to services, to each other, and to networks outside of AWS.
//!
//! **Invariant:** a connection that is gone, or that was refused, is no link. One that waits or failed is a link with its state.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::map_model::{INTERNET, MapCloud, MapLink};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const READS: [Read; 9] = [
    Read::subject("ec2_internet_gateways", &["attachments"]),
    Read::subject("ec2_egress_only_internet_gateways", &["attachments"]),
    Read::subject("ec2_carrier_gateways", &["vpc_id", "state"]),
    Read::subject("ec2_nat_gateways", &["vpc_id", "subnet_id", "state", "connectivity_type"]),
    Read::subject("ec2_vpc_endpoints", &["vpc_id", "service_name", "state"]),
    Read::subject("ec2_vpc_peering_connections", &["status", "requester_vpc_info", "accepter_vpc_info"]),
    Read::subject("ec2_vpn_gateways", &["vpc_attachments", "state"]),
    Read::subject(
        "ec2_vpn_connections",
        &["customer_gateway_id", "vpn_gateway_id", "transit_gateway_id", "state", "vgw_telemetry"],
    ),
    Read::subject("ec2_client_vpn_endpoints", &["vpc_id", "client_cidr_block", "status"]),
];

/// What else is read to label links.
pub(super) const CUSTOMER_GATEWAYS: Read = Read::context("ec2_customer_gateways", &["ip_address", "device_name"]);

/// The states of what is gone or was refused, in lower case and without hyphens.
const GONE: [&str; 7] = ["deleted", "deleting", "detached", "detaching", "rejected", "rejecting", "expired"];

/// Whether a state says that something is gone.
pub(super) fn is_gone(state: Option<&str>) -> bool {
    state.is_some_and(|state| GONE.contains(&state.replace('-', "").to_ascii_lowercase().as_str()))
}

/// Collects links, and the places outside the estate where they end.
#[derive(Debug, Default)]
pub(super) struct LinkCollector {
    /// The accounts of the estate.
    estate: HashSet<String>,
    pub links: Vec<MapLink>,
    pub clouds: Vec<MapCloud>,
}

/// A link of a resource.
pub(super) struct Ends<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub kind: &'static str,
    pub state: Option<&'a str>,
}

impl LinkCollector {
    pub(super) fn new(facts: &Facts) -> Self {
        Self { estate: facts.cells.accounts().into_iter().map(str::to_owned).collect(), ..Self::default() }
    }

    /// Adds a link that a resource makes, unless it is gone.
    pub(super) fn add(&mut self, resource: Resource<'_>, ends: Ends<'_>) {
        if is_gone(ends.state) {
            return;
        }
        self.links.push(MapLink {
            account: resource.account_id().to_owned(),
            region: resource.region().to_owned(),
            from: ends.from.to_owned(),
            to: ends.to.to_owned(),
            kind: ends.kind,
            via: Some(resource.id().to_owned()),
            state: ends.state.map(str::to_owned),
        });
    }

    /// Adds a place outside the estate.
    pub(super) fn cloud(&mut self, id: &str, kind: &'static str, label: String) {
        self.clouds.push(MapCloud { id: id.to_owned(), kind, label });
    }

    /// Adds the links of everything but transit gateways.
    pub(super) fn collect(&mut self, facts: &Facts) {
        self.cloud(INTERNET, "internet", "Internet".to_owned());
        for (table, kind) in [
            ("ec2_internet_gateways", "internet-gateway"),
            ("ec2_egress_only_internet_gateways", "egress-only-gateway"),
        ] {
            for gateway in facts.selected(table) {
                for attachment in gateway.items("attachments") {
                    let (vpc, state) = (text(&attachment["VpcId"]), attachment["State"].as_str());
                    self.add(gateway, Ends { from: vpc, to: INTERNET, kind, state });
                }
            }
        }
        for gateway in facts.selected("ec2_carrier_gateways") {
            let (from, state) = (gateway.text("vpc_id").unwrap_or_default(), gateway.text("state"));
            self.cloud("carrier", "premises", "Carrier network".to_owned());
            self.add(gateway, Ends { from, to: "carrier", kind: "carrier-gateway", state });
        }
        for gateway in facts.selected("ec2_nat_gateways") {
            let vpc = gateway.text("vpc_id").unwrap_or_default();
            let from = gateway.text("subnet_id").unwrap_or(vpc);
            let to = if gateway.text("connectivity_type") == Some("private") { vpc } else { INTERNET };
            self.add(gateway, Ends { from, to, kind: "nat-gateway", state: gateway.text("state") });
        }
        for endpoint in facts.selected("ec2_vpc_endpoints") {
            let (from, to) =
                (endpoint.text("vpc_id").unwrap_or_default(), endpoint.text("service_name").unwrap_or("?"));
            self.cloud(to, "service", to.to_owned());
            self.add(endpoint, Ends { from, to, kind: "endpoint", state: endpoint.text("state") });
        }
        facts.selected("ec2_vpc_peering_connections").for_each(|peering| self.peering(peering));
        self.vpns(facts);
    }

    fn peering(&mut self, peering: Resource<'_>) {
        let status = peering.json("status");
        let sides = [peering.json("requester_vpc_info"), peering.json("accepter_vpc_info")];
        for side in &sides {
            let (vpc, owner) = (text(&side["VpcId"]), text(&side["OwnerId"]));
            self.foreign(vpc, owner);
        }
        let [from, to] = sides.each_ref().map(|side| text(&side["VpcId"]));
        self.add(peering, Ends { from, to, kind: "peering", state: status["Code"].as_str() });
    }

    /// Adds a place for a resource of an account that is not in the estate. That of an account of the estate that is not
    /// on the map becomes one later.
    pub(super) fn foreign(&mut self, id: &str, owner: &str) {
        if !owner.is_empty() && !self.estate.contains(owner) {
            self.cloud(id, "account", format!("Account {owner}, not on this page: {id}"));
        }
    }

    fn vpns(&mut self, facts: &Facts) {
        for gateway in facts.selected("ec2_vpn_gateways") {
            for attachment in gateway.items("vpc_attachments") {
                let (from, state) = (text(&attachment["VpcId"]), attachment["State"].as_str());
                self.add(gateway, Ends { from, to: gateway.id(), kind: "vpn-gateway", state });
            }
        }
        let sites: HashMap<&str, Resource<'_>> =
            facts.all(CUSTOMER_GATEWAYS.table).map(|site| (site.id(), site)).collect();
        for vpn in facts.selected("ec2_vpn_connections").filter(|vpn| !is_gone(vpn.text("state"))) {
            let from = vpn.text("vpn_gateway_id").or(vpn.text("transit_gateway_id")).unwrap_or(vpn.id());
            let to = vpn.text("customer_gateway_id").unwrap_or("?");
            let site = sites.get(to);
            let label = [
                site.and_then(|site| site.name()).or(site.and_then(|site| site.text("device_name").map(str::to_owned))),
                site.and_then(|site| site.text("ip_address").map(str::to_owned)),
            ];
            let label: Vec<String> = label.into_iter().flatten().collect();
            self.cloud(to, "premises", if label.is_empty() { to.to_owned() } else { label.join(", ") });
            let tunnels = vpn.items("vgw_telemetry");
            let down = tunnels.iter().filter(|tunnel| tunnel["Status"] == "DOWN").count();
            let state = if down > 0 { format!("{down} of {} tunnels down", tunnels.len()) } else { state_of(vpn) };
            self.add(vpn, Ends { from, to, kind: "vpn", state: Some(&state) });
        }
        for endpoint in facts.selected("ec2_client_vpn_endpoints") {
            let (from, to) =
                (endpoint.text("vpc_id").unwrap_or_default(), endpoint.text("client_cidr_block").unwrap_or("?"));
            let status = endpoint.json("status");
            self.cloud(to, "clients", format!("VPN clients, {to}"));
            self.add(endpoint, Ends { from, to, kind: "client-vpn", state: status["Code"].as_str() });
        }
    }
}

fn state_of(vpn: Resource<'_>) -> String {
    vpn.text("state").unwrap_or_default().to_owned()
}

/// The text of a value, or the empty text.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
