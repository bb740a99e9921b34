//! Which tables have resources that are found through those of another, as endpoints through their network interfaces.
//!
//! **Invariant:** declares, and reads nothing.

use super::{BYOIP_CIDRS, INSTANCES, INTERFACES};

/// A table whose resources are found through those of another.
#[derive(Clone, Copy, Debug)]
pub(in crate::answers) struct LinkedTable {
    /// The table whose resources are found.
    pub table: &'static str,
    /// The table through which they are found.
    pub through: &'static str,
    /// The column, and the member in it, with the id of the other resource.
    pub column: &'static str,
    pub member: &'static str,
    /// Whether the column belongs to the table through which they are found.
    pub is_outward: bool,
}

const fn by_interfaces(table: &'static str) -> LinkedTable {
    LinkedTable { table, through: INTERFACES, column: "network_interface_ids", member: "", is_outward: false }
}

pub(in crate::answers) static LINKS: &[LinkedTable] = &[
    by_interfaces("ec2_vpc_endpoints"),
    by_interfaces("ec2_instance_connect_endpoints"),
    LinkedTable { table: INSTANCES, through: INTERFACES, column: "attachment", member: "InstanceId", is_outward: true },
    LinkedTable { table: "ec2_ipam_pools", through: BYOIP_CIDRS, column: "ipam_pool_id", member: "", is_outward: true },
];
