//! The verdict on an address: of a record, or in one of EC2's names.
//!
//! **Invariant:** an address of IPv4 in the form of IPv6 is the address of IPv4.

use std::net::IpAddr;

use super::dns_verdict::{DnsVerdict, Judgement};
use super::evidence::{Evidence, OwnRange, unknown};
use super::holder_tables::{BYOIP_CIDRS, IN_NETWORKS, VPCS, WITH_ACCELERATORS, WITH_PUBLIC_ADDRESSES};
use super::holders::Preference;
use super::ip_ranges::AddressUse;
use super::region_cells::NeededCells;
use super::target_kinds::EC2_ADDRESS;

impl Evidence<'_> {
    /// The verdict on an address.
    pub(super) fn address(&self, address: IpAddr, preference: Preference<'_>) -> Judgement {
        let address = address.to_canonical();
        let what = format!("the address {address}");
        if let Some(holder) = self.holders.of_address(address, preference) {
            return self.held(holder, &what);
        }
        match self.published.use_of(address) {
            AddressUse::Ec2 { region } => self.public_address(&what, address, region),
            AddressUse::Other { service } => self.other_address(&what, service),
            AddressUse::Outside => self.outside_address(&what, address, preference),
        }
    }

    /// The verdict on an address of one of EC2's public names, which has the region.
    pub(super) fn named_address(&self, address: IpAddr, region: &str) -> Judgement {
        let what = format!("the address {address}");
        match self.holders.of_address(address, Preference::default()) {
            Some(holder) => self.held(holder, &what),
            None => self.public_address(&what, address, region),
        }
    }

    fn public_address(&self, what: &str, address: IpAddr, region: &str) -> Judgement {
        let (tables, takeable) = match address {
            IpAddr::V4(_) => (WITH_PUBLIC_ADDRESSES, EC2_ADDRESS.takeable.as_ref()),
            IpAddr::V6(_) => (IN_NETWORKS, None),
        };
        let what = format!("{what}, which is one of EC2 in {region}");
        self.not_held(&what, self.cells.unanswered(tables, Some(region)), takeable)
    }

    /// An address of AWS that is not EC2's can be one of an accelerator, unless AWS names another service.
    fn other_address(&self, what: &str, service: Option<&str>) -> Judgement {
        let named = service.map_or_else(|| "a service that AWS does not name".to_owned(), str::to_owned);
        let may_be_accelerator = service.is_none_or(|service| service == "GLOBALACCELERATOR");
        if may_be_accelerator && self.collects(WITH_ACCELERATORS) {
            let needs = self.cells.unanswered(WITH_ACCELERATORS, None);
            if !needs.is_empty() {
                return unknown(&format!("{what}, which is one of {named},"), needs);
            }
        }
        Judgement::new(DnsVerdict::Foreign, format!("{what} is one of AWS outside of EC2: of {named}"))
    }

    fn outside_address(&self, what: &str, address: IpAddr, preference: Preference<'_>) -> Judgement {
        if let Some(range) = self.brought.around(address).next() {
            let OwnRange { region, account_id, id } = range;
            let what = format!("{what}, which is in the range {id} that account {account_id} brought to AWS");
            return self.not_held(&what, self.cells.unanswered(WITH_PUBLIC_ADDRESSES, Some(region)), None);
        }
        if self.networks_of(address).next().is_some() || is_private(address) {
            return self.private_address(what, address, preference);
        }
        let reason = format!("{what} is outside of AWS's ranges of {}", day(self.published.created()));
        let judgement = Judgement::new(DnsVerdict::Foreign, reason);
        if !is_global(address) {
            return judgement;
        }
        // Somebody may have brought it to AWS.
        let tables = [WITH_PUBLIC_ADDRESSES, &[BYOIP_CIDRS][..]].concat();
        judgement.needing(self.cells.unanswered(&tables, None))
    }

    /// An address in a VPC is one of the region's interfaces. A VPC that is not known may have it too, unless one that asks
    /// for the name has it: what is in its own range, a VPC finds nowhere else.
    fn private_address(&self, what: &str, address: IpAddr, preference: Preference<'_>) -> Judgement {
        let is_near = |network: &&OwnRange| preference.networks.is_some_and(|near| near.contains(&network.id));
        let near: Vec<&OwnRange> = self.networks_of(address).filter(is_near).collect();
        let is_near = !near.is_empty();
        let networks = if is_near { near } else { self.networks_of(address).collect() };
        let mut regions: Vec<&str> = networks.iter().map(|network| network.region.as_str()).collect();
        regions.sort_unstable();
        regions.dedup();
        let mut needed: Vec<NeededCells<'_>> = if is_near { Vec::new() } else { vec![(&[VPCS][..], None)] };
        needed.extend(regions.into_iter().map(|region| (IN_NETWORKS, Some(region))));
        let needs = self.cells.unanswered_in(&needed);
        match networks.first() {
            Some(network) => {
                let what = format!("{what}, which is in the VPC {} of account {}", network.id, network.account_id);
                self.not_held(&what, needs, None)
            }
            None if !needs.is_empty() => unknown(what, needs),
            None => {
                Judgement::new(DnsVerdict::Foreign, format!("{what} is private and outside of every VPC of the estate"))
            }
        }
    }
}

/// Whether an address can only be one of a private network.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || first == 100 && (64..128).contains(&second)
        }
        IpAddr::V6(address) => address.segments()[0] & 0xfe00 == 0xfc00,
    }
}

/// Whether an address can be one of the internet.
fn is_global(address: IpAddr) -> bool {
    crate::answers::ranges::is_public(address)
}

/// The day of a list of ranges, which AWS writes as `2023-11-14-14-13-09`.
fn day(created: &str) -> &str {
    created.get(.."2023-11-14".len()).unwrap_or(created)
}
