//! How each kind of resource looks in AWS: builders that write whole rows from the few facts that tell resources apart.
//!
//! **Invariant:** knows no single resource of the estate.

mod network;
mod routing;
mod groups;
mod vpc;
mod interface;
mod storage;
mod host;
mod gateways;
mod links;
mod transit;
mod dns;
mod settings;

pub(super) use dns::{DemoZone, alias, record, routed};
pub(super) use gateways::{client_vpn, endpoint, flow_log, gateway_endpoint, nat, vpn_gateway};
pub(super) use groups::{GroupRule, group, prefix_list};
pub(super) use host::DemoHost;
pub(super) use interface::{DemoInterface, elastic};
pub(super) use links::{peering, peering_id, vpn};
pub(super) use network::{AclRule, DemoNetwork};
pub(super) use routing::to;
pub(super) use settings::{account, region_settings};
pub(super) use storage::{DemoVolume, image, public_snapshot, snapshot, volume};
pub(super) use transit::{attach, transit_gateway, transit_id, transit_peering, transit_routes};
