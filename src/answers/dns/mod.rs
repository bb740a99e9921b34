//! `rolecall dns`: what each record leads to within the estate, and one verdict for it.
//!
//! ```text
//! holders (who has an address, a name, an id) + zones (which zone answers a name in which VPC) -> judge -> rows
//! ```
//!
//! The tables of holders are read one after another, and of each only what a target can be compared with stays. A fleet has
//! a million records, so they come last, and no row of the answer is kept.
//!
//! **Invariant:** asks no name server, and says nothing of what no cell of the estate shows. A verdict that depends on a
//! cell that was not answered is `unknown`.

mod dns_verdict;
mod prefix_map;
mod ip_ranges;
mod name_pattern;
mod holder_tables;
mod target_kinds;
mod aws_services;
mod target_forms;
mod region_cells;
mod holders;
mod evidence;
mod address_targets;
mod name_targets;
mod profiles;
mod zones;
mod horizons;
mod record_values;
mod zone_names;
mod public_zones;
mod delegations;
mod chains;
mod hidden_records;
mod judge;
#[cfg(test)]
mod tests;

pub(crate) use dns_verdict::{DnsRow, MissingCells};
pub(crate) use holder_tables::{holder_reads, zone_reads};
pub(crate) use ip_ranges::PublishedRanges;
pub(crate) use judge::{AskedRecords, DnsJudge};
pub(crate) use target_kinds::takeable_kinds;
#[cfg(feature = "cli")]
pub(crate) use zones::{NamedZone, VpcView, ZoneIndex};
