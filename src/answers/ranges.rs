//! Addresses and ranges of addresses: reading them, and finding what is free in one.
//!
//! **Invariant:** knows no resource and no table. Text that is no address is none, and never an error.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The address of a text. An IPv4-mapped IPv6 address is the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// The range of a text, from its first address on. A text without a length is one address.
pub(crate) fn range(text: &str) -> Option<IpNet> {
    let text = text.trim();
    if !text.contains('/') {
        return address(text).map(IpNet::from);
    }
    let range: IpNet = text.parse().ok()?;
    let range = range.trunc();
    if let IpNet::V6(mapped) = range
        && let Some(address) = mapped.addr().to_ipv4_mapped()
        && mapped.prefix_len() >= 96
    {
        return Ipv4Net::new(address, mapped.prefix_len() - 96).ok().map(IpNet::V4);
    }
    Some(range)
}

/// Whether the internet could route to an address. Ranges for documentation count as public.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            let is_local = address.is_private() || address.is_loopback() || address.is_link_local();
            !(first == 0 || first >= 224 || is_shared || is_local)
        }
        IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
    }
}

/// The first and the last address of a range as numbers. Numbers of the two families are not comparable.
pub(crate) fn bounds(range: IpNet) -> (u128, u128) {
    match range {
        IpNet::V4(range) => (range.network().to_bits().into(), range.broadcast().to_bits().into()),
        IpNet::V6(range) => (range.network().to_bits(), range.broadcast().to_bits()),
    }
}

/// The number of blocks of a prefix length in a range. It is 0 if the range is smaller than one.
pub(crate) fn blocks(range: IpNet, prefix_length: u8) -> u128 {
    match prefix_length.checked_sub(range.prefix_len()) {
        Some(bits) if prefix_length <= range.max_prefix_len() => 1u128.checked_shl(bits.into()).unwrap_or(u128::MAX),
        _ => 0,
    }
}

/// The number of blocks of a prefix length in a range in which nothing is used.
pub(crate) fn free_blocks(range: IpNet, used: &[IpNet], prefix_length: u8) -> u128 {
    let total = blocks(range, prefix_length);
    if total == 0 {
        return 0;
    }
    let shift = u32::from(range.max_prefix_len() - prefix_length);
    let mut touched: u128 = 0;
    // Blocks are counted from the range's first address, so that the last address of IPv6 does not overflow.
    let start = bounds(range).0;
    let mut next: u128 = 0;
    for (first, last) in spans(range, used) {
        let from = block(first - start, shift).max(next);
        let until = block(last - start, shift).saturating_add(1);
        touched = touched.saturating_add(until.saturating_sub(from));
        next = next.max(until);
    }
    total.saturating_sub(touched)
}

/// The lowest block of a prefix length in a range in which nothing is used.
pub(crate) fn lowest_free(range: IpNet, used: &[IpNet], prefix_length: u8) -> Option<IpNet> {
    if blocks(range, prefix_length) == 0 {
        return None;
    }
    let shift = u32::from(range.max_prefix_len() - prefix_length);
    let (first, last) = bounds(range);
    let mut lowest = block(first, shift);
    for (first, last) in spans(range, used) {
        if lowest < block(first, shift) {
            break;
        }
        lowest = lowest.max(block(last, shift).checked_add(1)?);
    }
    if lowest > block(last, shift) {
        return None;
    }
    let address = lowest.checked_shl(shift).unwrap_or(0);
    match range {
        IpNet::V4(_) => {
            let address = Ipv4Addr::from_bits(u32::try_from(address).ok()?);
            Ipv4Net::new(address, prefix_length).ok().map(IpNet::V4)
        }
        IpNet::V6(_) => Ipv6Net::new(Ipv6Addr::from_bits(address), prefix_length).ok().map(IpNet::V6),
    }
}

/// The number of a block: that of its first address without the bits inside the block.
fn block(address: u128, shift: u32) -> u128 {
    address.checked_shr(shift).unwrap_or(0)
}

/// What is used of a range, in order: the first and last addresses of what touches it.
fn spans(range: IpNet, used: &[IpNet]) -> Vec<(u128, u128)> {
    let (first, last) = bounds(range);
    let of_family = used.iter().filter(|used| used.max_prefix_len() == range.max_prefix_len());
    let mut spans: Vec<(u128, u128)> = of_family
        .map(|used| bounds(*used))
        .filter(|(from, to)| *from <= last && *to >= first)
        .map(|(from, to)| (from.max(first), to.min(last)))
        .collect();
    spans.sort_unstable();
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_texts_are_read_or_are_none() {
        let text = |text: &str| range(text).map(|range| range.to_string());
        assert_eq!(text("10.1.2.3/16").as_deref(), Some("10.1.0.0/16"));
        assert_eq!(text(" 10.1.2.3 ").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(text("::ffff:10.1.2.3/112").as_deref(), Some("10.1.0.0/16"));
        assert_eq!(text("::ffff:10.1.2.3").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(text("::/0").as_deref(), Some("::/0"));
        for none in ["", "/", "10.0.0.0/33", "10.0.0/8", "pl-1234", "::/129", "10.0.0.0/-1", "fe80::1%eth0/64", "é/8"]
        {
            assert_eq!(text(none), None, "{none}");
        }
        assert_eq!(address("::FFFF:192.0.2.1"), address("192.0.2.1"));
    }

    #[test]
    fn private_and_local_addresses_are_not_public() {
        let public = |text: &str| is_public(address(text).unwrap());
        for text in ["8.8.8.8", "203.0.113.7", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2600:1f00::1", "3fff::1"] {
            assert!(public(text), "{text}");
        }
        for text in ["10.0.0.1", "100.64.0.1", "172.31.255.1", "169.254.0.1", "0.0.0.0", "224.0.0.1", "fd00::1", "::1"]
        {
            assert!(!public(text), "{text}");
        }
    }

    fn free(range_text: &str, used: &[&str], prefix_length: u8) -> (Option<String>, u128) {
        let used: Vec<IpNet> = used.iter().map(|text| range(text).unwrap()).collect();
        let range = range(range_text).unwrap();
        let lowest = lowest_free(range, &used, prefix_length).map(|block| block.to_string());
        (lowest, free_blocks(range, &used, prefix_length))
    }

    #[test]
    fn the_lowest_free_block_lies_between_what_is_used() {
        let some = |text: &str, count: u128| (Some(text.to_owned()), count);
        assert_eq!(free("10.0.0.0/16", &[], 24), some("10.0.0.0/24", 256));
        let used = ["10.0.3.0/26", "10.0.0.0/24", "10.0.1.128/25", "10.0.0.0/23", "192.168.0.0/16", "2600::/56"];
        assert_eq!(free("10.0.0.0/16", &used, 24), some("10.0.2.0/24", 253));
        assert_eq!(free("10.0.0.0/16", &used, 25), some("10.0.2.0/25", 507));
        assert_eq!(free("10.0.0.0/22", &used, 24), some("10.0.2.0/24", 1));
        assert_eq!(free("10.0.0.0/23", &used, 28), (None, 0));
        assert_eq!(free("10.0.0.0/26", &[], 24), (None, 0), "smaller than the block");
        assert_eq!(free("10.0.0.0/16", &["10.0.0.0/8"], 24), (None, 0), "inside of what is used");
        assert_eq!(free("10.0.0.0/16", &[], 33), (None, 0));
        assert_eq!(free("2600::/56", &["2600::/64", "2600:0:0:1::/64"], 64), some("2600:0:0:2::/64", 254));
    }

    #[test]
    fn the_ends_of_both_families_do_not_overflow() {
        assert_eq!(free("255.255.255.0/24", &["255.255.255.0/25"], 25), (Some("255.255.255.128/25".into()), 1));
        assert_eq!(free("255.255.255.255/32", &["255.255.255.255/32"], 32), (None, 0));
        assert_eq!(free("::/0", &[], 0), (Some("::/0".into()), 1));
        assert_eq!(free("::/0", &["::/0"], 128), (None, 0));
        let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128";
        assert_eq!(free(last, &[last], 128), (None, 0));
    }
}
