//! Route 53 Domains: the domains that an account has registered. Their contacts are personal data and are never collected.
//!
//! **Invariant:** knows the calls of these types, and nothing of how they are limited or retried.

use super::calls::modelled;
use super::ec2::REGIONAL;
use super::entry::{Detail, ExtraColumn, Id, Reach, ResourceType, Source, ValueFrom};
use crate::aws::Service;

const DETAIL: &str = "route53domains:GetDomainDetail";

const fn column(column: &'static str, member: &'static str) -> ExtraColumn {
    ExtraColumn { column, from: ValueFrom::DetailMember(DETAIL, member) }
}

pub(super) const TYPES: &[ResourceType] = &[ResourceType {
    table: "route53domains_domains",
    service: Service::Route53Domains,
    reach: Reach::Global,
    operation: "route53domains:ListDomains",
    items_path: "Domains",
    id: Id::Member(&["DomainName"]),
    probe_id: "rolecall-probe.invalid",
    extra_columns: &[
        column("nameservers", "Nameservers"),
        column("dns_sec", "DnsSec"),
        column("dnssec_keys", "DnssecKeys"),
        column("status_list", "StatusList"),
        column("creation_date", "CreationDate"),
        column("updated_date", "UpdatedDate"),
        column("expiration_date", "ExpirationDate"),
        column("registrar_name", "RegistrarName"),
        column("registrar_url", "RegistrarUrl"),
        column("who_is_server", "WhoIsServer"),
        column("registry_domain_id", "RegistryDomainId"),
        column("reseller", "Reseller"),
        column("admin_privacy", "AdminPrivacy"),
        column("registrant_privacy", "RegistrantPrivacy"),
        column("tech_privacy", "TechPrivacy"),
        column("billing_privacy", "BillingPrivacy"),
    ],
    details: &[Detail {
        key: "DomainName",
        ..Detail::per_resource(DETAIL, modelled!([DomainName] "route53domains:GetDomainDetail"))
    }],
    source: modelled!(listed "route53domains:ListDomains", MaxItems = 100, Marker from NextPageMarker),
    ..REGIONAL
}];
