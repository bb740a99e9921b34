//! Addresses and ranges of addresses.
//!
//! **Invariant:** looks at numbers only, and resolves no name.

use std::net::IpAddr;

/// A range of addresses in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct AddressRange {
    address: IpAddr,
    /// The length of the prefix, if it is written.
    prefix: Option<u32>,
}

/// Reads one address of either kind.
pub(in super::super) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

impl AddressRange {
    /// Reads `203.0.113.0/24`, `2001:DB8::/32`, or an address.
    pub(in super::super) fn of(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => {
                let is_number = (1..=3).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit());
                (address, Some(prefix.parse().ok().filter(|_| is_number)?))
            }
        };
        let address: IpAddr = address.parse().ok()?;
        (prefix.unwrap_or_default() <= bits(address)).then_some(Self { address, prefix })
    }

    /// Returns whether an address is in the range, or none where IAM documents no answer.
    pub(in super::super) fn contains(&self, address: IpAddr) -> Option<bool> {
        if bits(self.address) != bits(address) {
            return Some(false);
        }
        match self.prefix {
            Some(prefix) => Some(same_prefix(self.address, address, prefix)),
            None if self.address == address => Some(true),
            // IAM documents the prefix /32 for an address without one, and says nothing of longer addresses.
            None if self.address.is_ipv6() && same_prefix(self.address, address, 32) => None,
            None => Some(false),
        }
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Returns whether the first bits of two addresses of one kind are equal.
fn same_prefix(some: IpAddr, other: IpAddr, prefix: u32) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let rest = bits(some).saturating_sub(prefix);
    (number(some) ^ number(other)).checked_shr(rest).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_the_addresses_of_their_prefix() {
        for (range, text, contained) in [
            ("203.0.113.0/24", "203.0.113.255", Some(true)),
            ("203.0.113.0/24", "203.0.114.0", Some(false)),
            ("203.0.113.77/24", "203.0.113.1", Some(true)),
            ("0.0.0.0/0", "255.255.255.255", Some(true)),
            ("0.0.0.0/0", "::1", Some(false)),
            ("::/0", "2001:db8::1", Some(true)),
            ("::/0", "1.2.3.4", Some(false)),
            ("203.0.113.9", "203.0.113.9", Some(true)),
            ("203.0.113.9", "203.0.113.8", Some(false)),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:ffff::", Some(true)),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::", Some(false)),
            ("2001:db8::1", "2001:db8::1", Some(true)),
            ("2001:db8::1", "2001:db8::2", None),
            ("2001:db8::1", "2001:db9::1", Some(false)),
            ("2001:db8::1/128", "2001:db8::2", Some(false)),
        ] {
            assert_eq!(AddressRange::of(range).unwrap().contains(address(text).unwrap()), contained, "{range} {text}");
        }
        for wrong in [
            "",
            "*",
            "1.2.3",
            "1.2.3.4/33",
            "1.2.3.4/",
            "1.2.3.4/+8",
            "1.2.3.4/-1",
            "::/129",
            "1.2.3.4/8/8",
            "a/8",
            "01.2.3.4",
        ] {
            assert_eq!(AddressRange::of(wrong), None, "{wrong}");
        }
    }
}
