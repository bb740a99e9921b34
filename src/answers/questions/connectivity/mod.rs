//! Questions about routes, gateways, peerings, VPNs, endpoints, flow logs and what uses them.
//!
//! **Invariant:** an id of a VPC, a gateway or a group is sought in all accounts, since others may refer to it.

pub(super) mod values;
mod blackhole_routes;
mod pending_connections;
mod vpn_tunnels;
mod nat_gateways;
mod endpoints;
mod flow_logs;
mod default_vpcs;
mod neighbours;
mod security_groups;
#[cfg(test)]
mod tests;

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
    blackhole_routes::QUESTION,
    pending_connections::QUESTION,
    vpn_tunnels::QUESTION,
    nat_gateways::QUESTION,
    endpoints::QUESTION,
    flow_logs::QUESTION,
    default_vpcs::QUESTION,
    security_groups::QUESTION,
];
