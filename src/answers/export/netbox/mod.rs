//! The export `netbox`: the estate as objects of NetBox, what differs from those it has, and the steps to make them alike.
//!
//! ```text
//! facts -> objects (tenants, VRFs, prefixes, machines, addresses) --+--> CSV files, for NetBox's import
//!                                                                   +--> difference to what NetBox has -> steps
//! ```
//!
//! Objects that rolecall makes have the tag `rolecall`. Others are used where their names match, and are never changed.
//!
//! **Invariant:** makes no request. It deletes what it made alone, and only if the cell that could have it was answered.

mod netbox_kind;
mod netbox_names;
mod netbox_object;
mod netbox_tenants;
mod netbox_estate;
mod netbox_known;
mod netbox_difference;
mod netbox_csv;

pub(crate) use netbox_csv::netbox_csv;
pub(crate) use netbox_difference::{NetboxDifference, NetboxStep};
pub(crate) use netbox_estate::{NETBOX_READS, netbox_objects};
pub(crate) use netbox_kind::{NETBOX_KINDS, NetboxKind};
pub(crate) use netbox_known::ExistingObject;
pub(crate) use netbox_object::{NetboxObject, NetboxValue};
