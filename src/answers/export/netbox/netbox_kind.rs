//! The kinds of NetBox's objects that the export makes, each after those that it refers to.
//!
//! Fields and limits are those of NetBox's REST API, version 4 (`/api/schema/`).
//!
//! **Invariant:** knows no object.

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NetboxKind {
    Tag,
    Tenant,
    Role,
    Vrf,
    Prefix,
    ClusterType,
    Cluster,
    Machine,
    Interface,
    Address,
}

/// The kinds, in the order in which they are made. They are deleted in the opposite one.
pub(crate) const NETBOX_KINDS: [NetboxKind; 10] = [
    NetboxKind::Tag,
    NetboxKind::Tenant,
    NetboxKind::Role,
    NetboxKind::Vrf,
    NetboxKind::Prefix,
    NetboxKind::ClusterType,
    NetboxKind::Cluster,
    NetboxKind::Machine,
    NetboxKind::Interface,
    NetboxKind::Address,
];

impl NetboxKind {
    /// The path of its list in the API.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Tag => "extras/tags/",
            Self::Tenant => "tenancy/tenants/",
            Self::Role => "ipam/roles/",
            Self::Vrf => "ipam/vrfs/",
            Self::Prefix => "ipam/prefixes/",
            Self::ClusterType => "virtualization/cluster-types/",
            Self::Cluster => "virtualization/clusters/",
            Self::Machine => "virtualization/virtual-machines/",
            Self::Interface => "virtualization/interfaces/",
            Self::Address => "ipam/ip-addresses/",
        }
    }

    /// What one and several of it are called.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Tag => ("tag", "tags"),
            Self::Tenant => ("tenant", "tenants"),
            Self::Role => ("prefix role", "prefix roles"),
            Self::Vrf => ("VRF", "VRFs"),
            Self::Prefix => ("prefix", "prefixes"),
            Self::ClusterType => ("cluster type", "cluster types"),
            Self::Cluster => ("cluster", "clusters"),
            Self::Machine => ("virtual machine", "virtual machines"),
            Self::Interface => ("interface", "interfaces"),
            Self::Address => ("IP address", "IP addresses"),
        }
    }

    /// The fields that tell objects of the kind apart.
    pub(crate) fn key_fields(self) -> &'static [&'static str] {
        match self {
            Self::Tag | Self::Tenant | Self::Role | Self::ClusterType => &["slug"],
            Self::Vrf => &["rd"],
            Self::Prefix => &["vrf", "prefix"],
            Self::Cluster => &["name"],
            Self::Machine => &["cluster", "name"],
            Self::Interface => &["virtual_machine", "name"],
            Self::Address => &["vrf", "address"],
        }
    }

    /// Whether objects that the estate does not have any more are deleted. What other objects may refer to stays.
    pub(crate) fn is_deleted(self) -> bool {
        matches!(self, Self::Vrf | Self::Prefix | Self::Machine | Self::Interface | Self::Address)
    }
}
