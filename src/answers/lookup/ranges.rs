//! Addresses and ranges in the one form in which they are compared. An IPv4-mapped IPv6 address is the IPv4 address.
//!
//! **Invariant:** knows no table.

use std::net::IpAddr;

use ipnet::IpNet;

/// The longest text of an IPv6 range, `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128`.
const LONGEST: usize = 49;

/// Addresses from a first to a last one of the same family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub first: IpAddr,
    pub last: IpAddr,
}

impl Span {
    /// The addresses of a range.
    pub(super) fn of(range: IpNet) -> Self {
        Self { first: range.network(), last: range.broadcast() }
    }

    /// The addresses between two, if there are any.
    pub(super) fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// Whether all addresses of the family are in it, so that it says nothing about any of them.
    pub(super) fn is_everything(self) -> bool {
        let is_all = |range: &str| range.parse().is_ok_and(|range| Self::of(range) == self);
        is_all("0.0.0.0/0") || is_all("::/0")
    }

    /// Its text: a range, else both ends.
    pub(super) fn text(self) -> String {
        let longest = if self.first.is_ipv4() { 32 } else { 128 };
        let ranges = (0..=longest).filter_map(|length| IpNet::new(self.first, length).ok());
        let whole = ranges.map(|range| range.trunc()).find(|range| Self::of(*range) == self);
        whole.map_or_else(|| format!("{}-{}", self.first, self.last), |range| range.to_string())
    }
}

/// Whether a text can be an address or a range: both have a dot or a colon after at most four digits.
fn is_plausible(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().take(5).any(|byte| matches!(byte, b'.' | b':'))
}

/// The address that a text is.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    if !is_plausible(text) {
        return None;
    }
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The range that a text is, without the bits of a host.
pub(super) fn parse_range(text: &str) -> Option<IpNet> {
    if !is_plausible(text) || !text.contains('/') {
        return None;
    }
    let range: IpNet = text.parse().ok()?;
    let mapped = match range {
        IpNet::V6(range) if range.prefix_len() >= 96 => {
            range.addr().to_ipv4_mapped().map(|addr| (addr, range.prefix_len() - 96))
        }
        _ => None,
    };
    let range = match mapped {
        Some((address, length)) => IpNet::new(address.into(), length).ok()?,
        None => range,
    };
    Some(range.trunc())
}
