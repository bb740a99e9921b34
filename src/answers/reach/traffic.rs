//! Protocols and ports as the rules of security groups and network ACLs write them.
//!
//! The type of an ICMP message takes the place of the port. Codes are not compared.
//!
//! **Invariant:** knows no addresses.

/// Every protocol.
pub(super) const ANY_PROTOCOL: i32 = -1;
const ICMP: i32 = 1;
const TCP: i32 = 6;
const UDP: i32 = 17;
const ICMP_V6: i32 = 58;

/// A protocol with a range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Traffic {
    /// The number of the protocol, -1 for all.
    pub(super) protocol: i32,
    /// The first and the last port, or type of ICMP.
    pub(super) first: u16,
    pub(super) last: u16,
}

/// The number of a protocol.
pub(super) fn protocol(name: &str) -> Option<i32> {
    match name {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        "icmpv6" => Some(ICMP_V6),
        "all" => Some(ANY_PROTOCOL),
        number => number.parse().ok(),
    }
}

impl Traffic {
    /// The traffic of a rule. Ports that are absent or -1 are all.
    pub(super) fn new(protocol: i32, from: Option<i64>, to: Option<i64>) -> Self {
        let has_ports = matches!(protocol, ICMP | TCP | UDP | ICMP_V6);
        let port = |port: Option<i64>| port.and_then(|port| u16::try_from(port).ok()).filter(|_| has_ports);
        let first = port(from);
        // The last number of a rule about ICMP is a code.
        let is_icmp = matches!(protocol, ICMP | ICMP_V6);
        let last = if is_icmp { first } else { port(to) };
        Self { protocol, first: first.unwrap_or(0), last: last.unwrap_or(u16::MAX) }
    }

    /// Whether it has every port or type.
    pub(super) fn is_whole(self) -> bool {
        (self.first, self.last) == (0, u16::MAX)
    }

    /// The answers to traffic of a protocol: to any port that a client may have.
    pub(super) fn answers(protocol: i32) -> Self {
        let first = if matches!(protocol, TCP | UDP) { 1024 } else { 0 };
        Self { protocol, first, last: u16::MAX }
    }

    /// The name of the protocol, `all` for all.
    pub(crate) fn protocol_name(self) -> String {
        match self.protocol {
            ANY_PROTOCOL => "all".to_owned(),
            ICMP => "icmp".to_owned(),
            TCP => "tcp".to_owned(),
            UDP => "udp".to_owned(),
            ICMP_V6 => "icmpv6".to_owned(),
            number => number.to_string(),
        }
    }

    /// The first and the last port, or type of ICMP. None if the traffic has all of them, or has no ports.
    pub(crate) fn ports(self) -> Option<(u16, u16)> {
        let has_ports = matches!(self.protocol, TCP | UDP) || !self.is_whole();
        has_ports.then_some((self.first, self.last))
    }
}

impl std::fmt::Display for Traffic {
    /// As `tcp 22`, `udp 100-200`, `icmp` or `all`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.protocol_name())?;
        match (self.first, self.last) {
            _ if self.is_whole() => Ok(()),
            (first, last) if first == last => write!(f, " {first}"),
            (first, last) => write!(f, " {first}-{last}"),
        }
    }
}

/// Where a range of ports must be cut so that each of these ranges has a piece whole or not at all. The pieces, in order.
pub(super) fn pieces(within: Traffic, others: impl Iterator<Item = Traffic>) -> Vec<(u16, u16)> {
    let mut starts = vec![within.first];
    for other in others {
        starts.push(other.first);
        starts.extend(other.last.checked_add(1));
    }
    starts.retain(|start| (within.first..=within.last).contains(start));
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([within.last]);
    starts.iter().copied().zip(ends).collect()
}
