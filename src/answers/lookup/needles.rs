//! What every text with an address or a name that is looked for has in common with it, letter by letter.
//!
//! **Invariant:** without the needles a text has none of what is looked for. With one it may have none either.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::names::parents;
use crate::output::rows::{MOST_NEEDLES, Needles};

/// The needles of these addresses, of addresses in these ranges, and of these names. `None` if they are many, or if something
/// can be written in ways that have nothing in common.
pub(super) fn of<'i>(
    addresses: impl IntoIterator<Item = &'i IpAddr>,
    ranges: impl IntoIterator<Item = &'i IpNet>,
    names: impl IntoIterator<Item = &'i [u8]>,
) -> Option<Needles> {
    let (mut exact, mut folded): (Vec<String>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    let (mut has_ipv4, mut has_names) = (false, false);
    let ranges = ranges.into_iter().copied();
    for range in addresses.into_iter().map(|address| IpNet::from(*address)).chain(ranges) {
        match range {
            IpNet::V4(range) => {
                exact.push(start_of_ipv4(range.network().octets(), range.prefix_len())?);
                has_ipv4 = true;
            }
            IpNet::V6(range) => folded.push(group_of_ipv6(range.network(), range.prefix_len())?.into_bytes()),
        }
        if exact.len() + folded.len() > MOST_NEEDLES {
            return None;
        }
    }
    for name in names {
        // A wildcard stands for the names below it.
        folded.extend(parents(name).map(|parent| [b"*.", parent].concat()).chain([name.to_vec()]));
        has_names = true;
        if exact.len() + folded.len() > MOST_NEEDLES {
            return None;
        }
    }
    if has_ipv4 {
        // An IPv4 address that is written as an IPv6 one.
        exact.extend(["ffff:", "FFFF:"].map(str::to_owned));
    }
    if has_names {
        exact.push("\\".to_owned());
    }
    Some(Needles::exact(exact).or_folded(folded))
}

/// The octets that all addresses of a range begin with. An address has one form.
fn start_of_ipv4(octets: [u8; 4], length: u8) -> Option<String> {
    let whole = usize::from(length) / 8;
    let start: String = octets[..whole].iter().map(|octet| format!("{octet}.")).collect();
    match whole {
        0 => None,
        4 => Some(start.trim_end_matches('.').to_owned()),
        _ => Some(start),
    }
}

/// The longest group of digits that all addresses of a range have. The last two groups may be written as an IPv4 address.
fn group_of_ipv6(address: Ipv6Addr, length: u8) -> Option<String> {
    let whole = (usize::from(length) / 16).min(6);
    let groups = address.segments().into_iter().take(whole).filter(|group| *group > 0);
    groups.map(|group| format!("{group:x}")).max_by_key(String::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::lookup::names::normal;

    fn are_in(what: &[&str], text: &str) -> Option<bool> {
        let addresses: Vec<IpAddr> = what.iter().filter_map(|what| what.parse().ok()).collect();
        let ranges: Vec<IpNet> = what.iter().filter_map(|what| what.parse().ok()).collect();
        let names = what.iter().filter(|what| !what.contains(['/', ':']) && what.parse::<IpAddr>().is_err());
        let names: Vec<Vec<u8>> = names.filter_map(|name| normal(name)).collect();
        let needles = of(&addresses, &ranges, names.iter().map(Vec::as_slice))?;
        Some(needles.are_in(text.as_bytes(), &mut Vec::new()))
    }

    #[test]
    fn every_way_to_write_what_is_looked_for_has_a_needle() {
        for (what, texts) in [
            ("10.20.4.17", ["10.20.4.17", "[\"10.20.4.17\"]", "::ffff:a14:411", "::FFFF:10.20.4.17"].as_slice()),
            ("10.20.0.0/15", &["10.21.255.1", "::ffff:a15:1"]),
            ("10.20.4.17/32", &["10.20.4.17"]),
            ("2001:db8:0:100::5", &["2001:DB8:0:100:0:0:0:5", "2001:0db8::0100:0:0:0.0.0.5"]),
            ("2001:db8::/33", &["2001:Db8:7fff::1", "2001:0db8:0000::"]),
            ("www.Example.com", &["WWW.example.COM.", "*.example.com", "{\"N\":\"*.COM\"}", "www\\056x"]),
        ] {
            for text in texts {
                assert_eq!(are_in(&[what], text), Some(true), "{what} in {text}");
            }
        }
        assert_eq!(are_in(&["10.20.4.17", "www.example.com"], "10.20.4.1 ww.example.com 2001:db8::"), Some(false));
    }

    #[test]
    fn what_can_be_written_in_many_ways_has_none() {
        for what in ["::1", "0.0.0.0/0", "128.0.0.0/7", "2000::/3", "::/0"] {
            assert_eq!(are_in(&[what], ""), None, "{what}");
        }
        let many: Vec<String> = (0..20).map(|number| format!("10.0.0.{number}")).collect();
        assert_eq!(are_in(&many.iter().map(String::as_str).collect::<Vec<_>>(), ""), None);
    }
}
