//! The customers of the generated estate, with their accounts and regions.
//!
//! **Invariant:** no account id is one that AWS has issued to somebody: all are the patterns of its documentation.

use serde_json::{Value, json};

/// An account of the generated estate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DemoAccount {
    /// The customer, as in the registry.
    pub customer: &'static str,
    pub account_id: &'static str,
    /// The alias that the account has in AWS.
    pub alias: &'static str,
    /// The name that the account has in the registry.
    pub name: &'static str,
    /// The value of its resources' tag `owner`.
    pub team: &'static str,
    /// The value of its resources' tag `env`.
    pub env: &'static str,
}

pub(crate) static ACME_NETWORK: DemoAccount = DemoAccount {
    customer: "acme",
    account_id: "111122223333",
    alias: "acme-network",
    name: "Acme Network",
    team: "netops",
    env: "prod",
};

pub(crate) static ACME_SHOP: DemoAccount = DemoAccount {
    customer: "acme",
    account_id: "222233334444",
    alias: "acme-shop",
    name: "Acme Shop",
    team: "shop",
    env: "prod",
};

pub(crate) static GLOBEX_PROD: DemoAccount = DemoAccount {
    customer: "globex",
    account_id: "444455556666",
    alias: "globex-prod",
    name: "Globex Production",
    team: "platform",
    env: "prod",
};

pub(crate) static GLOBEX_DEV: DemoAccount = DemoAccount {
    customer: "globex",
    account_id: "555566667777",
    alias: "globex-dev",
    name: "Globex Development",
    team: "platform",
    env: "dev",
};

pub(crate) static INITECH_CORE: DemoAccount = DemoAccount {
    customer: "initech",
    account_id: "777788889999",
    alias: "initech-core",
    name: "Initech Core",
    team: "it",
    env: "prod",
};

pub(crate) static INITECH_LAB: DemoAccount = DemoAccount {
    customer: "initech",
    account_id: "888899990000",
    alias: "initech-lab",
    name: "Initech Lab",
    team: "research",
    env: "lab",
};

/// The accounts, in the order of their ids.
pub(crate) static ACCOUNTS: [&DemoAccount; 6] =
    [&ACME_NETWORK, &ACME_SHOP, &GLOBEX_PROD, &GLOBEX_DEV, &INITECH_CORE, &INITECH_LAB];

pub(super) const FRANKFURT: &str = "eu-central-1";
pub(super) const VIRGINIA: &str = "us-east-1";

/// The regions that every account is asked in.
pub(crate) const REGIONS: [&str; 2] = [FRANKFURT, VIRGINIA];

/// An account in a region. In the region `global` it is the account itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub account: &'static DemoAccount,
    pub region: &'static str,
}

impl DemoAccount {
    /// The account in a region.
    pub(super) const fn at(&'static self, region: &'static str) -> Site {
        Site { account: self, region }
    }
}

impl Site {
    pub(super) const fn account_id(self) -> &'static str {
        self.account.account_id
    }

    /// A name that is unique in the whole estate, from one that is unique here.
    pub(super) fn unique(self, name: &str) -> String {
        format!("{}/{}/{name}", self.account.alias, self.region)
    }

    /// The tags that the account's resources have, with this name.
    pub(super) fn tags(self, name: &str) -> Value {
        json!({ "Name": name, "owner": self.account.team, "env": self.account.env })
    }

    /// The availability zone of a letter.
    pub(super) fn zone(self, letter: char) -> String {
        format!("{}{letter}", self.region)
    }

    /// The id of the availability zone of a letter.
    pub(super) fn zone_id(self, letter: char) -> String {
        let short = if self.region == VIRGINIA { "use1" } else { "euc1" };
        let number = match letter {
            'a' => 2,
            'b' => 3,
            _ => 1,
        };
        format!("{short}-az{number}")
    }

    /// The public name that EC2 gives to an address here.
    pub(super) fn public_name(self, address: &str) -> String {
        let domain = if self.region == VIRGINIA { "compute-1".to_owned() } else { format!("{}.compute", self.region) };
        format!("ec2-{}.{domain}.amazonaws.com", address.replace('.', "-"))
    }

    /// The private name that EC2 gives to an address here.
    pub(super) fn private_name(self, address: &str) -> String {
        let domain = if self.region == VIRGINIA {
            "ec2.internal".to_owned()
        } else {
            format!("{}.compute.internal", self.region)
        };
        format!("ip-{}.{domain}", address.replace('.', "-"))
    }
}
