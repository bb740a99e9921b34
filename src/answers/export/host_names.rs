//! Names and addresses that a hosts file may have.
//!
//! **Invariant:** a name is a host name (RFC 1123, section 2.1), and never one that a system resolves by itself.

use std::net::IpAddr;

/// A text as a host name in lower case, without the last dot. `None` if it is none.
pub(super) fn host_name(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // The last label is never a number: such a text would be taken as an address.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_own = matches!(last, "localhost" | "localdomain")
        || matches!(name.as_str(), "broadcasthost" | "ip6-loopback" | "ip6-allnodes" | "ip6-allrouters");
    (name.len() <= 253 && name.split('.').all(is_label) && !is_number && !is_own).then_some(name)
}

/// Whether an address is one of a host: not of the machine itself, of a group, or of none.
pub(super) fn is_host_address(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.octets()[0] >= 240 || address.octets()[0] == 0);
    !(address.is_loopback() || address.is_unspecified() || address.is_multicast() || is_broadcast)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_names_are_names() {
        for (text, expected) in [
            ("Web-1", Some("web-1")),
            ("www.Example.com.", Some("www.example.com")),
            ("ip-10-0-0-5.eu-central-1.compute.internal", Some("ip-10-0-0-5.eu-central-1.compute.internal")),
            ("web server", None),
            ("a_b.example.com", None),
            ("-a", None),
            ("a-.b", None),
            ("a..b", None),
            ("", None),
            (".", None),
            ("10", None),
            ("10.0.0.1", None),
            ("a.0x10", None),
            ("localhost", None),
            ("x.localhost", None),
            ("a\nb", None),
            ("a#b", None),
            ("bücher", None),
        ] {
            assert_eq!(host_name(text).as_deref(), expected, "{text}");
        }
        assert_eq!(host_name(&"a".repeat(64)), None);
    }

    #[test]
    fn only_addresses_of_hosts_are_addresses() {
        for (text, expected) in [
            ("10.0.0.1", true),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
            ("::1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("224.0.0.1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_host_address(text.parse().unwrap()), expected, "{text}");
        }
    }
}
