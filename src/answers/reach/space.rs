//! Sets of internet addresses, and whether they are most of the internet.
//!
//! The internet is the address space that is routed publicly: IPv4 without the private, shared, local, documentation and
//! multicast ranges, and IPv6's `2000::/3`. Sets only hold what is part of it.
//!
//! **Invariant:** knows no rule and no route.

use std::sync::LazyLock;

use ipnet::IpNet;

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

/// Both families, in the order of every pair that has one value for each.
pub(super) const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

impl Family {
    /// The place of the family in a pair.
    pub(super) const fn at(self) -> usize {
        self as usize
    }
}

/// IPv4 ranges that are not routed publicly, in order.
const RESERVED: [&str; 13] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
];

static INTERNET: LazyLock<[Ranges; 2]> = LazyLock::new(|| {
    let whole =
        |nets: &[&str]| Ranges::merged(nets.iter().filter_map(|net| bounds(net)).map(|(_, range)| range).collect());
    [whole(&["0.0.0.0/0"]).minus(&whole(&RESERVED)), whole(&["2000::/3"])]
});

/// Internet addresses of one family: their first and last ones, in order, without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u128, u128)>);

/// The family of a CIDR range, with its first and last address.
fn bounds(cidr: &str) -> Option<(Family, (u128, u128))> {
    Some(match cidr.parse().ok()? {
        IpNet::V4(net) => (Family::V4, (u128::from(net.network().to_bits()), u128::from(net.broadcast().to_bits()))),
        IpNet::V6(net) => (Family::V6, (net.network().to_bits(), net.broadcast().to_bits())),
    })
}

impl Ranges {
    /// The whole internet of a family.
    pub(super) fn internet(family: Family) -> &'static Self {
        &INTERNET[family.at()]
    }

    /// The part of a CIDR range that is of the internet.
    pub(super) fn of(cidr: &str) -> Option<(Family, Self)> {
        let (family, range) = bounds(cidr)?;
        let internet = Self::internet(family);
        if range.0 == 0 && range.1 >= internet.0.last().map_or(0, |last| last.1) {
            return Some((family, internet.clone()));
        }
        Some((family, Self(vec![range]).and(internet)))
    }

    fn merged(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Whether there is no address in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in one of these sets.
    pub(super) fn union<'r>(sets: impl IntoIterator<Item = &'r Self>) -> Self {
        Self::merged(sets.into_iter().flat_map(|set| set.0.iter().copied()).collect())
    }

    /// Adds what is in the other set.
    pub(super) fn add(&mut self, other: &Self) {
        if !other.is_empty() {
            *self = Self::union([&*self, other]);
        }
    }

    /// What is in both sets.
    pub(super) fn and(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let (first, last) = (a.0.max(b.0), a.1.min(b.1));
            if first <= last {
                common.push((first, last));
            }
            if a.1 < b.1 {
                left.next()
            } else {
                right.next()
            };
        }
        Self(common)
    }

    /// What is in this set and not in the other.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        let mut others = other.0.iter().peekable();
        for (first, last) in &self.0 {
            let mut next = Some(*first);
            while others.next_if(|range| range.1 < *first).is_some() {}
            let mut ahead = others.clone();
            while let (Some(start), Some(range)) = (next, ahead.next_if(|range| range.0 <= *last)) {
                if start < range.0 {
                    rest.push((start, range.0 - 1));
                }
                next = range.1.checked_add(1).map(|after| after.max(start)).filter(|after| after <= last);
            }
            rest.extend(next.map(|start| (start, *last)));
        }
        Self(rest)
    }

    /// The number of addresses. The whole of IPv6 is larger than that, but its internet is not.
    pub(super) fn size(&self) -> u128 {
        self.0.iter().fold(0, |size, (first, last)| size.saturating_add(last - first).saturating_add(1))
    }

    /// Whether it is more than half of the family's internet.
    pub(super) fn is_most(&self, family: Family) -> bool {
        self.size() > Self::internet(family).size() / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(cidrs: &[&str]) -> Ranges {
        Ranges::union(&cidrs.iter().map(|cidr| Ranges::of(cidr).unwrap().1).collect::<Vec<_>>())
    }

    #[test]
    fn most_of_the_internet_is_more_than_half_of_what_is_routed() {
        let is_most = |cidrs: &[&str], family| set(cidrs).is_most(family);
        assert!(is_most(&["0.0.0.0/0"], Family::V4));
        assert!(is_most(&["0.0.0.0/1", "128.0.0.0/1"], Family::V4));
        assert!(is_most(&["0.0.0.0/1", "128.0.0.0/2"], Family::V4));
        assert!(!is_most(&["128.0.0.0/1"], Family::V4), "a third of it is multicast and reserved");
        assert!(!is_most(&["10.0.0.0/8", "203.0.113.0/24", "224.0.0.0/3"], Family::V4));
        assert!(is_most(&["::/0"], Family::V6) && is_most(&["2000::/3"], Family::V6));
        assert!(!is_most(&["2000::/4"], Family::V6) && !is_most(&["fc00::/7"], Family::V6));
    }

    #[test]
    fn sets_are_subtracted_and_intersected() {
        let (all, low) = (set(&["0.0.0.0/0"]), set(&["0.0.0.0/1", "8.0.0.0/8"]));
        assert_eq!(all.minus(&low), set(&["128.0.0.0/1"]));
        assert_eq!(all.minus(&set(&["128.0.0.0/1"])), set(&["0.0.0.0/1"]));
        assert_eq!(all.and(&low), low);
        assert!(set(&["10.1.0.0/16"]).is_empty() && all.minus(&all).is_empty());
        let holes = set(&["8.0.0.0/8"]).minus(&set(&["8.8.8.8/32", "8.9.0.0/16"]));
        assert_eq!(holes.size(), (1 << 24) - 1 - (1 << 16));
        assert_eq!(Ranges::of("8.8.8.8"), None);
    }
}
