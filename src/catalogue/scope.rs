//! What a customer may choose to grant: the networks and machines, the DNS, or all. The customer's templates take the
//! same words. It knows nothing of policies' form.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::accounts::ACCOUNTS;
use super::{HELPER_ACTIONS, Table};
use crate::aws::Service;
use crate::input::{ParseError, quoted};

/// The part of an inventory that a resource type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceDomain {
    /// The account itself: always granted.
    Account,
    /// What EC2 answers for: networks, machines, volumes.
    Network,
    /// What Route 53 answers for.
    Dns,
}

/// What a customer's role grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything in the catalogue.
    #[default]
    All,
    /// Without Route 53.
    Network,
    /// Route 53, and what it needs of EC2.
    Dns,
}

impl Scope {
    /// The globs of the resource types that a role of this scope may read; `None` for all of them.
    pub(crate) fn resource_globs(self) -> Option<[&'static str; 2]> {
        match self {
            Self::All => None,
            Self::Network => Some(["ec2_*", ACCOUNTS]),
            Self::Dns => Some(["route53_*", ACCOUNTS]),
        }
    }

    /// The word for it in templates and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Network => "network",
            Self::Dns => "dns",
        }
    }

    /// Whether the role grants what this part needs.
    pub fn covers(self, part: ServiceDomain) -> bool {
        match part {
            ServiceDomain::Account => true,
            ServiceDomain::Network => self != Self::Dns,
            ServiceDomain::Dns => self != Self::Network,
        }
    }
}

impl FromStr for Scope {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let scopes = [Self::All, Self::Network, Self::Dns];
        let found = scopes.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| ParseError(format!("{} is not a scope: write all, network or dns", quoted(text))))
    }
}

impl Table {
    /// The part of an inventory that the type belongs to.
    pub fn part(&self) -> ServiceDomain {
        match self.entry.service {
            Service::Route53 => ServiceDomain::Dns,
            Service::Ec2 if self.entry.table == ACCOUNTS => ServiceDomain::Account,
            Service::Ec2 => ServiceDomain::Network,
            Service::Iam | Service::Account => ServiceDomain::Account,
        }
    }
}

/// Every IAM action that these types need, with what is asked in every account besides.
pub fn actions_of<'a>(tables: impl Iterator<Item = &'a Table>) -> BTreeSet<&'static str> {
    HELPER_ACTIONS.iter().copied().chain(tables.flat_map(Table::actions)).collect()
}
