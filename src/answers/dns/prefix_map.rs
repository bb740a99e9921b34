//! Finds what is known of the ranges around an address.
//!
//! **Invariant:** a range counts without the bits of a host.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

/// Values of ranges.
#[derive(Debug)]
pub(super) struct PrefixMap<T> {
    ranges: HashMap<IpNet, Vec<T>>,
    /// The lengths of the ranges, of IPv4 and of IPv6.
    lengths: [BTreeSet<u8>; 2],
}

impl<T> Default for PrefixMap<T> {
    fn default() -> Self {
        Self { ranges: HashMap::new(), lengths: Default::default() }
    }
}

impl<T> PrefixMap<T> {
    /// Adds a value to a range.
    pub(super) fn insert(&mut self, range: IpNet, value: T) {
        let range = range.trunc();
        self.lengths[usize::from(range.addr().is_ipv6())].insert(range.prefix_len());
        self.ranges.entry(range).or_default().push(value);
    }

    /// The values of every range that has an address, the narrowest range first.
    pub(super) fn around(&self, address: IpAddr) -> impl Iterator<Item = &T> {
        let lengths = self.lengths[usize::from(address.is_ipv6())].iter().rev();
        let ranges = lengths.filter_map(move |length| IpNet::new(address, *length).ok());
        ranges.filter_map(|range| self.ranges.get(&range.trunc())).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_range_comes_first() {
        let mut map = PrefixMap::default();
        for (number, range) in ["10.0.0.0/8", "10.1.2.3/16", "10.1.0.0/16", "::/0"].into_iter().enumerate() {
            map.insert(range.parse().unwrap(), number);
        }
        let around = |address: &str| map.around(address.parse().unwrap()).copied().collect::<Vec<_>>();
        assert_eq!(around("10.1.9.9"), [1, 2, 0]);
        assert_eq!(around("10.2.0.0"), [0]);
        assert_eq!((around("11.0.0.0"), around("fd00::1")), (vec![], vec![3]));
    }
}
