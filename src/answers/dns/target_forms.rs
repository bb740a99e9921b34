//! What a name is by its form: a resource of a kind, a service that is not collected, or no name of AWS.
//!
//! **Invariant:** looks at nothing but the name and, where the target names no resource, the record's own name.

use std::net::{IpAddr, Ipv4Addr};

use super::aws_services::service_of;
use super::name_pattern::{NameParts, matched};
use super::target_kinds::{NameForm, NameKey, TARGET_KINDS, TargetKind};

/// What a resource is looked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TargetKey {
    /// A name of the resource.
    Name(String),
    /// Its id, or the name that its kind has as one.
    Id(String),
    /// Its address.
    Address(IpAddr),
}

/// What a name is by its form.
#[derive(Clone, Debug)]
pub(super) enum TargetForm<'a> {
    Kind {
        kind: &'static TargetKind,
        region: Option<&'a str>,
        key: TargetKey,
    },
    /// A service that is not collected.
    Service(String),
}

/// Labels that balancers and accelerators answer to before their names.
const PREFIXES: [&str; 3] = ["dualstack.", "ipv6.", "ipv4."];

/// The form of a name of AWS. `own` is the record's name.
pub(super) fn form_of<'a>(name: &'a str, own: &str) -> Option<TargetForm<'a>> {
    let service = service_of(name);
    if service.is_none() && !name.ends_with(".internal") {
        return None;
    }
    for kind in TARGET_KINDS.iter().copied() {
        for form in kind.forms {
            let Some(parts) = matched(form.pattern, name) else { continue };
            if let Some(key) = key(form, parts, name, own) {
                return Some(TargetForm::Kind { kind, region: parts.region.or(form.region), key });
            }
        }
    }
    service.map(TargetForm::Service)
}

fn key(form: &NameForm, parts: NameParts<'_>, name: &str, own: &str) -> Option<TargetKey> {
    Some(match form.key {
        NameKey::Whole => TargetKey::Name(without_prefix(name).to_owned()),
        NameKey::Captured => TargetKey::Id(parts.names.to_owned()),
        NameKey::OwnName => TargetKey::Id(own.to_owned()),
        NameKey::AddressInLabel => TargetKey::Address(address_in(parts.names, "ec2-")?),
        NameKey::InstanceLabel => match address_in(parts.names, "ip-") {
            Some(address) => TargetKey::Address(address),
            None if parts.names.starts_with("i-") => TargetKey::Id(parts.names.to_owned()),
            None => TargetKey::Name(name.to_owned()),
        },
        NameKey::IdInLabel(prefix, other) => {
            let is_other = |label: &str| !other.is_empty() && label.starts_with(other);
            let label = parts.names.split('.').find(|label| label.starts_with(prefix) && !is_other(label))?;
            let id = label[prefix.len()..].split('-').next().unwrap_or_default();
            TargetKey::Id(format!("{prefix}{id}"))
        }
    })
}

fn without_prefix(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// The address in a label such as `ip-10-0-0-1`.
fn address_in(label: &str, prefix: &str) -> Option<IpAddr> {
    let numbers = label.strip_prefix(prefix)?;
    numbers.replace('-', ".").parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str) -> String {
        match form_of(name, "own.example") {
            None => "no name of AWS".to_owned(),
            Some(TargetForm::Service(service)) => format!("service {service}"),
            Some(TargetForm::Kind { kind, region, key }) => {
                let takeable = if kind.takeable.is_some() { ", takeable" } else { "" };
                format!("{} of {} in {}, {key:?}{takeable}", kind.resource, kind.service, region.unwrap_or("-"))
            }
        }
    }

    #[test]
    fn names_have_forms() {
        let names = include_str!("tests/forms.txt").lines().filter_map(|line| line.split(": ").next());
        let shown: String = names.map(|name| format!("{name}: {}\n", form(name))).collect();
        assert_eq!(shown, include_str!("tests/forms.txt"), "the forms are now:\n{shown}");
    }
}
