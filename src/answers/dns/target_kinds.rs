//! The kinds of resources that a record can lead to: the forms of their names, the tables that have them, and whether a
//! stranger can claim one that nobody has.
//!
//! A kind counts once the catalogue has all of its tables. Until then, its targets are `foreign`. To add a kind, add an entry.
//!
//! **Invariant:** declares, and reads nothing.

use NameKey::{AddressInLabel, Captured, IdInLabel, InstanceLabel, OwnName, Whole};

use super::holder_tables::{INSTANCES, INTERFACES, WITH_ACCELERATORS, WITH_PUBLIC_ADDRESSES, ZONES};

/// What a name is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKey {
    /// The whole name is that of the resource.
    Whole,
    /// The captured labels are the resource's id or name.
    Captured,
    /// The name of the record is that of the resource: the target names none.
    OwnName,
    /// A label has the address, `ec2-192-0-2-1`.
    AddressInLabel,
    /// A label is that of an instance, `ip-10-0-0-1` or `i-0123`.
    InstanceLabel,
    /// A label begins with the id that has the first prefix, and not the second one.
    IdInLabel(&'static str, &'static str),
}

/// A form of names. The region is given where the form names none, and has one.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameForm {
    pub pattern: &'static str,
    pub key: NameKey,
    pub region: Option<&'static str>,
}

/// That a stranger can claim what nobody has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakeableKind {
    /// The value of the column `kind`.
    pub kind: &'static str,
    /// How a stranger claims one.
    pub how: &'static str,
    /// The documentation that says so.
    pub source: &'static str,
}

/// A kind of targets.
#[derive(Debug)]
pub(super) struct TargetKind {
    /// What one is called.
    pub resource: &'static str,
    pub service: &'static str,
    pub forms: &'static [NameForm],
    /// All tables that can hold one.
    pub tables: &'static [&'static str],
    pub takeable: Option<TakeableKind>,
}

const fn form(pattern: &'static str, key: NameKey) -> NameForm {
    NameForm { pattern, key, region: None }
}

const fn in_virginia(pattern: &'static str, key: NameKey) -> NameForm {
    NameForm { pattern, key, region: Some("us-east-1") }
}

pub(super) static EC2_ADDRESS: TargetKind = TargetKind {
    resource: "public address",
    service: "EC2",
    forms: &[
        in_virginia("ec2-{id}.compute-1.{aws}", AddressInLabel),
        form("ec2-{id}.{region}.compute.{aws}", AddressInLabel),
    ],
    tables: WITH_PUBLIC_ADDRESSES,
    takeable: Some(TakeableKind {
        kind: "ec2_address",
        how: "a stranger who is given the address answers",
        source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html",
    }),
};

pub(super) static DELEGATION: TargetKind = TargetKind {
    resource: "hosted zone",
    service: "Route 53",
    forms: &[],
    tables: &[ZONES],
    takeable: Some(TakeableKind {
        kind: "route53_delegation",
        how: "a stranger whose zone of the name is given one of the name servers answers",
        source: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/protection-from-dangling-dns.html",
    }),
};

/// The kinds that are known by a name, the narrower forms first.
pub(super) static TARGET_KINDS: &[&TargetKind] = &[
    &EC2_ADDRESS,
    &TargetKind {
        resource: "public name",
        service: "EC2",
        forms: &[in_virginia("{names}.compute-1.{aws}", Whole), form("{names}.{region}.compute.{aws}", Whole)],
        tables: &[INTERFACES, INSTANCES],
        takeable: None,
    },
    &TargetKind {
        resource: "private name",
        service: "EC2",
        forms: &[
            in_virginia("{names}.ec2.internal", InstanceLabel),
            form("{names}.{region}.compute.internal", InstanceLabel),
        ],
        tables: &[INTERFACES, INSTANCES],
        takeable: None,
    },
    &TargetKind {
        resource: "VPC endpoint",
        service: "PrivateLink",
        forms: &[form("{names}.{region}.vpce.{aws}", IdInLabel("vpce-", "vpce-svc-"))],
        tables: &["ec2_vpc_endpoints"],
        takeable: None,
    },
    &TargetKind {
        resource: "endpoint service",
        service: "PrivateLink",
        forms: &[form("{names}.{region}.vpce.{aws}", IdInLabel("vpce-svc-", ""))],
        tables: &["ec2_vpc_endpoint_service_configurations"],
        takeable: None,
    },
    &TargetKind {
        resource: "Client VPN endpoint",
        service: "Client VPN",
        forms: &[form("{names}.clientvpn.{region}.{aws}", IdInLabel("cvpn-endpoint-", ""))],
        tables: &["ec2_client_vpn_endpoints"],
        takeable: None,
    },
    &TargetKind {
        resource: "Instance Connect endpoint",
        service: "EC2",
        forms: &[form("{names}.ec2-instance-connect-endpoint.{region}.{aws}", IdInLabel("eice-", ""))],
        tables: &["ec2_instance_connect_endpoints"],
        takeable: None,
    },
    &TargetKind {
        resource: "endpoint",
        service: "Verified Access",
        forms: &[form("{names}.verified-access.{region}.{aws}", Whole)],
        tables: &["ec2_verified_access_endpoints"],
        takeable: None,
    },
    &TargetKind {
        resource: "load balancer",
        service: "Elastic Load Balancing",
        forms: &[form("{names}.{region}.elb.{aws}", Whole)],
        tables: &["elb_load_balancers", "elbv2_load_balancers"],
        takeable: None,
    },
    &TargetKind {
        resource: "load balancer",
        service: "Elastic Load Balancing",
        forms: &[form("{names}.elb.{region}.{aws}", Whole)],
        tables: &["elbv2_load_balancers"],
        takeable: None,
    },
    &TargetKind {
        resource: "distribution",
        service: "CloudFront",
        forms: &[form("d{id}.cloudfront.net", Whole), form("d{id}.cloudfront.cn", Whole)],
        tables: &["cloudfront_distributions", "apigateway_domain_names", "apigatewayv2_domain_names"],
        takeable: None,
    },
    &TargetKind {
        resource: "custom domain",
        service: "API Gateway",
        forms: &[form("d-{id}.execute-api.{region}.{aws}", Whole)],
        tables: &["apigateway_domain_names", "apigatewayv2_domain_names"],
        takeable: None,
    },
    &BUCKET,
    &CHOSEN_ENVIRONMENT,
    &TargetKind {
        resource: "environment",
        service: "Elastic Beanstalk",
        forms: &[
            form("{names}.{region}.elasticbeanstalk.com", Whole),
            form("{names}.{region}.eb.{aws}", Whole),
            form("{names}.elasticbeanstalk.com", Whole),
        ],
        tables: &["elasticbeanstalk_environments"],
        takeable: None,
    },
    &TargetKind {
        resource: "accelerator",
        service: "Global Accelerator",
        forms: &[form("{names}.awsglobalaccelerator.com", Whole)],
        tables: WITH_ACCELERATORS,
        takeable: None,
    },
];

static BUCKET: TargetKind = TargetKind {
    resource: "bucket",
    service: "S3",
    forms: &[
        form("{names}.s3-website-{region}.{aws}", Captured),
        form("{names}.s3-website.{region}.{aws}", Captured),
        form("s3-website-{region}.{aws}", OwnName),
        form("s3-website.{region}.{aws}", OwnName),
        in_virginia("{names}.s3-external-1.{aws}", Captured),
        form("{names}.s3-fips.dualstack.{region}.{aws}", Captured),
        form("{names}.s3-fips.{region}.{aws}", Captured),
        form("{names}.s3.dualstack.{region}.{aws}", Captured),
        form("{names}.s3.{region}.{aws}", Captured),
        form("{names}.s3-{region}.{aws}", Captured),
        form("{names}.s3-accelerate.dualstack.{aws}", Captured),
        form("{names}.s3-accelerate.{aws}", Captured),
        form("{names}.s3.{aws}", Captured),
        form("s3.dualstack.{region}.{aws}", OwnName),
        form("s3.{region}.{aws}", OwnName),
        form("s3-{region}.{aws}", OwnName),
        form("s3.{aws}", OwnName),
    ],
    tables: &["s3_buckets"],
    takeable: Some(TakeableKind {
        kind: "s3_bucket",
        how: "a stranger can create a bucket of that name",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    }),
};

static CHOSEN_ENVIRONMENT: TargetKind = TargetKind {
    resource: "environment",
    service: "Elastic Beanstalk",
    forms: &[form("{id}.{region}.elasticbeanstalk.com", Whole), form("{id}.{region}.eb.{aws}", Whole)],
    tables: &["elasticbeanstalk_environments"],
    takeable: Some(TakeableKind {
        kind: "elasticbeanstalk_environment",
        how: "a stranger can choose that name for an environment",
        source: "https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/using-features.terminating.html",
    }),
};

/// The kinds that a stranger can claim.
pub(crate) fn takeable_kinds() -> impl Iterator<Item = TakeableKind> {
    TARGET_KINDS.iter().copied().chain([&DELEGATION]).filter_map(|kind| kind.takeable)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::holder_tables::holder_table;
    use super::*;

    #[test]
    fn every_table_of_a_kind_is_read() {
        for kind in TARGET_KINDS {
            assert!(
                !kind.forms.is_empty() && kind.tables.iter().all(|table| holder_table(table).is_some()),
                "{kind:?}"
            );
        }
        let kinds: BTreeSet<&str> = takeable_kinds().map(|kind| kind.kind).collect();
        assert_eq!(kinds.len(), 4);
        assert!(takeable_kinds().all(|kind| kind.source.starts_with("https://docs.aws.amazon.com/")));
    }
}
