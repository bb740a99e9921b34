//! Defines what a customer may grant: networks and machines, DNS, the holders of names, or all of them. The templates for customers use the same
//! words.
//!
//! **Invariant:** knows nothing of the form of policies.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::accounts::ACCOUNTS;
use super::{HELPER_ACTIONS, Table};
use crate::aws::Service;
use crate::input::{ParseError, quoted};

/// The part of the inventory that a resource type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceDomain {
    /// The account itself, which every role grants.
    Account,
    /// The resources of EC2: networks, machines, volumes.
    Network,
    /// The resources of Route 53, its Resolver, Profiles and Domains.
    Dns,
    /// The holders of names and addresses outside EC2: load balancers, distributions, buckets and the like.
    Names,
}

/// The part of the catalogue that a customer's role grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All types of the catalogue.
    #[default]
    All,
    /// Networks and machines.
    Network,
    /// Route 53, with the actions of EC2 that it needs.
    Dns,
    /// The holders of names and addresses outside EC2.
    Names,
}

/// The beginnings of the names of tables with holders of names.
const NAMES_GLOBS: &[&str] = &[
    "apigateway*",
    "cloudfront_*",
    "directconnect_*",
    "elasticbeanstalk_*",
    "elb*",
    "globalaccelerator_*",
    "networkmanager_*",
    "s3_*",
    "servicediscovery_*",
    ACCOUNTS,
];

impl Scope {
    /// Every scope, in the order of the documentation.
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::Network, Self::Dns, Self::Names];

    /// The globs of the resource types that a role of this scope may read; `None` for all of them.
    pub(crate) fn resource_globs(self) -> Option<&'static [&'static str]> {
        match self {
            Self::All => None,
            Self::Network => Some(&["ec2_*", ACCOUNTS]),
            Self::Dns => Some(&["route53*", ACCOUNTS]),
            Self::Names => Some(NAMES_GLOBS),
        }
    }

    /// The name in templates and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Network => "network",
            Self::Dns => "dns",
            Self::Names => "names",
        }
    }

    /// Whether a role of this scope grants the actions of a domain.
    pub fn covers(self, domain: ServiceDomain) -> bool {
        match domain {
            ServiceDomain::Account => true,
            ServiceDomain::Network => matches!(self, Self::All | Self::Network),
            ServiceDomain::Dns => matches!(self, Self::All | Self::Dns),
            ServiceDomain::Names => matches!(self, Self::All | Self::Names),
        }
    }
}

impl FromStr for Scope {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| ParseError(format!("{} is not a scope: write all, network, dns or names", quoted(text))))
    }
}

impl Table {
    /// The part of the inventory that the type belongs to.
    pub fn service_domain(&self) -> ServiceDomain {
        match self.entry.service {
            Service::Route53 | Service::Route53Resolver | Service::Route53Profiles | Service::Route53Domains => {
                ServiceDomain::Dns
            }
            Service::Ec2 if self.entry.table == ACCOUNTS => ServiceDomain::Account,
            Service::Ec2 => ServiceDomain::Network,
            Service::Iam | Service::Account => ServiceDomain::Account,
            _ => ServiceDomain::Names,
        }
    }
}

/// Every IAM action that these types need, and those that every account needs.
pub fn actions_of<'a>(tables: impl Iterator<Item = &'a Table>) -> BTreeSet<&'static str> {
    HELPER_ACTIONS.iter().copied().chain(tables.flat_map(Table::actions)).collect()
}
