//! The address ranges that AWS publishes: which service has an address, and in which region.
//!
//! The file `ip_ranges.txt` says of which day it is. `--ip-ranges` reads a newer one, in the form in which AWS publishes it.
//!
//! **Invariant:** knows nothing of who uses an address. Addresses that customers bring to AWS are in no such list.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use serde_json::Value;

use super::prefix_map::PrefixMap;
use crate::input::{self, Fields, ValidationErrors};

/// The name of the document in messages.
const DOCUMENT: &str = "--ip-ranges";
const EC2: &str = "EC2";
/// The service of every range, of which AWS may name no other.
const ANY_SERVICE: &str = "AMAZON";

/// The ranges of one day.
#[derive(Debug)]
pub(crate) struct PublishedRanges {
    created: String,
    /// Service and region.
    uses: Vec<(String, String)>,
    ranges: PrefixMap<u16>,
}

/// Whose an address is by the published ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressUse<'a> {
    Outside,
    Ec2 {
        region: &'a str,
    },
    /// Another service of AWS, or one that AWS does not name.
    Other {
        service: Option<&'a str>,
    },
}

impl PublishedRanges {
    /// The ranges that come with rolecall.
    pub(crate) fn included() -> &'static Self {
        static INCLUDED: LazyLock<PublishedRanges> = LazyLock::new(|| {
            let mut ranges = PublishedRanges::empty();
            for line in include_str!("ip_ranges.txt").lines() {
                if let Some(comment) = line.strip_prefix('#') {
                    if let Some(date) = comment.trim().strip_prefix("createDate: ") {
                        date.clone_into(&mut ranges.created);
                    }
                    continue;
                }
                let mut words = line.split(' ');
                let (Some(service), Some(region)) = (words.next(), words.next()) else { continue };
                words.filter_map(|word| word.parse().ok()).for_each(|range| ranges.add(service, region, range));
            }
            ranges
        });
        &INCLUDED
    }

    fn empty() -> Self {
        Self { created: String::new(), uses: Vec::new(), ranges: PrefixMap::default() }
    }

    /// Reads AWS's document `ip-ranges.json`.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ValidationErrors> {
        let document = input::parse(DOCUMENT, bytes)?;
        let mut errors = ValidationErrors::new();
        let mut ranges = Self::empty();
        if let Some(fields) = Fields::of(&document, DOCUMENT, &mut errors) {
            ranges.created = fields.string("createDate", &mut errors).unwrap_or_default().to_owned();
            let lists = [("prefixes", "ip_prefix", false), ("ipv6_prefixes", "ipv6_prefix", true)];
            for (list, member, is_ipv6) in lists {
                let path = fields.path_of(list);
                match fields.get(list) {
                    Some(Value::Array(items)) => {
                        for (at, item) in items.iter().enumerate() {
                            ranges.add_item(item, &format!("{path}[{at}]"), (member, is_ipv6), &mut errors);
                        }
                    }
                    _ => errors.push(path, "must be a list: give the file ip-ranges.json as AWS publishes it"),
                }
            }
        }
        if errors.is_empty() && !ranges.uses.iter().any(|(service, _)| service == EC2) {
            errors.push(DOCUMENT, "has no range of the service EC2: give the file ip-ranges.json as AWS publishes it");
        }
        errors.into_result(ranges)
    }

    fn add_item(&mut self, item: &Value, path: &str, of: (&str, bool), errors: &mut ValidationErrors) {
        let Some(fields) = Fields::of(item, path, errors) else { return };
        let (member, is_ipv6) = of;
        let mut text = |name: &str| {
            let text = fields.get(name).and_then(Value::as_str);
            if text.is_none_or(str::is_empty) {
                errors.push(fields.path_of(name), "must be a text");
            }
            text
        };
        let (range, service, region) = (text(member), text("service"), text("region"));
        let Some(range) = range else { return };
        match range.parse::<IpNet>().ok().filter(|range| range.addr().is_ipv6() == is_ipv6 && range.trunc() == *range) {
            Some(range) => self.add(service.unwrap_or_default(), region.unwrap_or_default(), range),
            None => errors.push(fields.path_of(member), "is not a range of addresses such as 3.5.140.0/22"),
        }
    }

    fn add(&mut self, service: &str, region: &str, range: IpNet) {
        let is_same = |(other, place): &(String, String)| other == service && place == region;
        let last = self.uses.len().checked_sub(1).filter(|last| is_same(&self.uses[*last]));
        let number = last.or_else(|| self.uses.iter().position(is_same)).unwrap_or_else(|| {
            self.uses.push((service.to_owned(), region.to_owned()));
            self.uses.len() - 1
        });
        self.ranges.insert(range, u16::try_from(number).unwrap_or(u16::MAX));
    }

    /// When AWS made the list, as it writes it.
    pub(crate) fn created(&self) -> &str {
        &self.created
    }

    /// Whose an address is.
    pub(super) fn use_of(&self, address: IpAddr) -> AddressUse<'_> {
        let mut found = AddressUse::Outside;
        for number in self.ranges.around(address) {
            let Some((service, region)) = self.uses.get(usize::from(*number)) else { continue };
            match (service.as_str(), found) {
                (EC2, _) => return AddressUse::Ec2 { region },
                (ANY_SERVICE, AddressUse::Outside) => found = AddressUse::Other { service: None },
                (ANY_SERVICE, _) | (_, AddressUse::Other { service: Some(_) }) => {}
                (service, _) => found = AddressUse::Other { service: Some(service) },
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used<'a>(ranges: &'a PublishedRanges, address: &str) -> AddressUse<'a> {
        ranges.use_of(address.parse().unwrap())
    }

    #[test]
    fn the_included_ranges_tell_services_and_regions_apart() {
        let ranges = PublishedRanges::included();
        assert!(ranges.created().starts_with("20") && ranges.uses.len() > 300, "{}", ranges.uses.len());
        for (address, region) in [
            ("3.120.181.40", "eu-central-1"),
            ("52.28.64.17", "eu-central-1"),
            ("44.195.60.3", "us-east-1"),
            ("2a05:d014:1a2b:2001::18", "eu-central-1"),
        ] {
            assert_eq!(used(ranges, address), AddressUse::Ec2 { region }, "{address}");
        }
        for (address, service) in
            [("75.2.60.5", "GLOBALACCELERATOR"), ("13.32.0.1", "CLOUDFRONT"), ("52.218.0.1", "S3")]
        {
            assert_eq!(used(ranges, address), AddressUse::Other { service: Some(service) }, "{address}");
        }
        assert_eq!(used(ranges, "54.239.0.1"), AddressUse::Other { service: None });
        for address in ["192.0.2.1", "10.0.0.1", "8.8.8.8", "2001:db8::1", "127.0.0.1"] {
            assert_eq!(used(ranges, address), AddressUse::Outside, "{address}");
        }
    }

    #[test]
    fn the_list_of_aws_is_read_as_it_is() {
        let item = |name: &str, range: &str, region: &str, service: &str| serde_json::json!({ name: range, "region": region, "service": service, "network_border_group": region });
        let document = serde_json::json!({
            "syncToken": "1", "createDate": "2030-01-02-03-04-05",
            "prefixes": [
                item("ip_prefix", "203.0.113.0/24", "eu-west-1", "AMAZON"),
                item("ip_prefix", "203.0.113.0/24", "eu-west-1", "EC2"),
                item("ip_prefix", "203.0.113.8/29", "eu-west-1", "CLOUD9"),
                item("ip_prefix", "198.51.100.0/24", "GLOBAL", "GLOBALACCELERATOR"),
            ],
            "ipv6_prefixes": [item("ipv6_prefix", "2001:db8::/40", "us-east-1", "EC2")],
        });
        let ranges = PublishedRanges::parse(document.to_string().as_bytes()).unwrap();
        assert_eq!(ranges.created(), "2030-01-02-03-04-05");
        assert_eq!(used(&ranges, "203.0.113.9"), AddressUse::Ec2 { region: "eu-west-1" });
        assert_eq!(used(&ranges, "198.51.100.9"), AddressUse::Other { service: Some("GLOBALACCELERATOR") });
        assert_eq!(used(&ranges, "2001:db8::9"), AddressUse::Ec2 { region: "us-east-1" });
        assert_eq!(used(&ranges, "52.28.64.17"), AddressUse::Outside);
    }

    #[test]
    fn a_bad_list_is_refused_with_everything_that_is_wrong() {
        let refused = |text: &str| PublishedRanges::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused(""), "--ip-ranges: is empty: it must be a JSON object");
        let publishes = "give the file ip-ranges.json as AWS publishes it";
        let no_list = |list: &str| format!("--ip-ranges.{list}: must be a list: {publishes}");
        assert_eq!(refused("{}"), format!("{}\n{}", no_list("prefixes"), no_list("ipv6_prefixes")));
        let none = format!("--ip-ranges: has no range of the service EC2: {publishes}");
        assert_eq!(refused(r#"{"prefixes":[],"ipv6_prefixes":[]}"#), none);
        let items = r#"{"prefixes":[{"ip_prefix":"1.2.3.4/8","service":"EC2","region":"r"},{"ip_prefix":"::/0"}]}"#;
        let no_range = |at: usize| {
            format!("--ip-ranges.prefixes[{at}].ip_prefix: is not a range of addresses such as 3.5.140.0/22")
        };
        let no_text = |name: &str| format!("--ip-ranges.prefixes[1].{name}: must be a text");
        let problems = [no_range(0), no_text("service"), no_text("region"), no_range(1), no_list("ipv6_prefixes")];
        assert_eq!(refused(items), problems.join("\n"));
    }
}
