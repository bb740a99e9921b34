//! AWS's partitions and their known regions.
//!
//! Every run asks AWS which regions are enabled in an account. This list only detects misspelt region names, and
//! supplies the default regions if no API may be called that lists the enabled ones. It also says which regions are
//! opt-in: those launched after 2019-03-20, as AWS documents.

/// A partition of AWS, which has accounts and regions of its own.
#[derive(Debug)]
pub struct Partition {
    /// The name in ARNs, such as `aws` or `aws-cn`.
    pub name: &'static str,
    /// What the names of its regions begin with. A word and a number follow, as in the SDK's own list of partitions.
    prefixes: &'static [&'static str],
    /// The domain of its endpoints.
    pub dns_suffix: &'static str,
    /// The domain of its endpoints that have IPv6 addresses too.
    pub dual_stack_dns_suffix: &'static str,
    /// The default region for STS and for services without regions.
    pub default_region: &'static str,
    /// The host of the AWS console.
    pub console_host: &'static str,
    /// The region in the signatures of Route 53 requests.
    pub route53_region: &'static str,
    /// The region in the signatures of IAM requests.
    pub iam_region: &'static str,
    /// The regions that are enabled in every account.
    pub default_regions: &'static [&'static str],
    /// The regions that an account must enable before it can use them.
    pub opt_in_regions: &'static [&'static str],
}

static PARTITIONS: &[Partition] = &[
    Partition {
        name: "aws",
        prefixes: &["us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"],
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        default_region: "us-east-1",
        console_host: "console.aws.amazon.com",
        route53_region: "us-east-1",
        iam_region: "us-east-1",
        default_regions: &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "ca-central-1",
            "sa-east-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-central-1",
            "eu-north-1",
            "ap-south-1",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-southeast-1",
            "ap-southeast-2",
        ],
        opt_in_regions: &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-south-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-west-1",
            "eu-central-2",
            "eu-south-1",
            "eu-south-2",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "mx-central-1",
        ],
    },
    Partition {
        name: "aws-cn",
        prefixes: &["cn-"],
        dns_suffix: "amazonaws.com.cn",
        dual_stack_dns_suffix: "api.amazonwebservices.com.cn",
        default_region: "cn-north-1",
        console_host: "console.amazonaws.cn",
        route53_region: "cn-northwest-1",
        iam_region: "cn-north-1",
        default_regions: &["cn-north-1", "cn-northwest-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-us-gov",
        prefixes: &["us-gov-"],
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        default_region: "us-gov-west-1",
        console_host: "console.amazonaws-us-gov.com",
        route53_region: "us-gov-west-1",
        iam_region: "us-gov-west-1",
        default_regions: &["us-gov-east-1", "us-gov-west-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-eusc",
        prefixes: &["eusc-de-"],
        dns_suffix: "amazonaws.eu",
        dual_stack_dns_suffix: "api.amazonwebservices.eu",
        default_region: "eusc-de-east-1",
        console_host: "console.amazonaws-eusc.eu",
        route53_region: "eusc-de-east-1",
        iam_region: "eusc-de-east-1",
        default_regions: &["eusc-de-east-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-iso",
        prefixes: &["us-iso-"],
        dns_suffix: "c2s.ic.gov",
        dual_stack_dns_suffix: "api.aws.ic.gov",
        default_region: "us-iso-east-1",
        console_host: "console.c2shome.ic.gov",
        route53_region: "us-iso-east-1",
        iam_region: "us-iso-east-1",
        default_regions: &["us-iso-east-1", "us-iso-west-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-iso-b",
        prefixes: &["us-isob-"],
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_dns_suffix: "api.aws.scloud",
        default_region: "us-isob-east-1",
        console_host: "console.sc2shome.sgov.gov",
        route53_region: "us-isob-east-1",
        iam_region: "us-isob-east-1",
        default_regions: &["us-isob-east-1", "us-isob-west-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-iso-e",
        prefixes: &["eu-isoe-"],
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_dns_suffix: "api.cloud-aws.adc-e.uk",
        default_region: "eu-isoe-west-1",
        console_host: "console.csphome.adc-e.uk",
        route53_region: "eu-isoe-west-1",
        iam_region: "eu-isoe-west-1",
        default_regions: &["eu-isoe-west-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-iso-f",
        prefixes: &["us-isof-"],
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_dns_suffix: "api.aws.hci.ic.gov",
        default_region: "us-isof-south-1",
        console_host: "console.csphome.hci.ic.gov",
        route53_region: "us-isof-south-1",
        iam_region: "us-isof-south-1",
        default_regions: &["us-isof-east-1", "us-isof-south-1"],
        opt_in_regions: &[],
    },
];

/// Returns the partition with the given name, if it is known.
pub(crate) fn partition(name: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| partition.name == name)
}

/// Returns the partition with the given name, or the default one, `aws`.
pub(crate) fn partition_or_default(name: Option<&str>) -> &'static Partition {
    name.and_then(partition).unwrap_or(&PARTITIONS[0])
}

/// Returns the partition of a region, or `None` if no known partition has regions of this form. The form decides, so that
/// new regions of a known partition need no new release.
pub(crate) fn partition_of_region(region: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| partition.has_regions_like(region))
}

/// Returns the names of all known partitions.
pub(crate) fn partition_names() -> impl Iterator<Item = &'static str> {
    PARTITIONS.iter().map(|partition| partition.name)
}

impl Partition {
    /// Returns all known regions, the default ones first.
    pub fn regions(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.default_regions.iter().chain(self.opt_in_regions).copied()
    }

    /// Returns whether a region has the form of this partition's regions.
    pub fn has_regions_like(&self, region: &str) -> bool {
        let word_and_number = |rest: &str| {
            let Some((word, number)) = rest.split_once('-') else { return false };
            let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !word.is_empty()
                && word.bytes().all(letters)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.prefixes.iter().filter_map(|prefix| region.strip_prefix(prefix)).any(word_and_number)
    }

    /// Returns the region whose STS endpoint is called: `own`, or the partition's default region if `own` is opt-in.
    ///
    /// A token from an opt-in region is valid only if the customer has enabled that region too.
    pub fn sts_region(&self, own: &str) -> String {
        if self.default_regions.contains(&own) { own.to_owned() } else { self.default_region.to_owned() }
    }
}

/// Returns whether a text has the form of a region's name: `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
pub(crate) fn is_region_in_form(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return false };
    let lower = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    (2..=4).contains(&first.len())
        && lower(first)
        && !middle.is_empty()
        && middle.iter().all(lower)
        && !last.is_empty()
        && last.len() <= 2
        && last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_is_one_in_form_and_in_its_partition() {
        for partition in PARTITIONS {
            for region in partition.regions() {
                assert!(is_region_in_form(region), "{region}");
                assert_eq!(partition_of_region(region).map(|found| found.name), Some(partition.name));
                let homes = PARTITIONS.iter().filter(|partition| partition.has_regions_like(region)).count();
                assert_eq!(homes, 1, "{region}");
            }
            for region in [partition.default_region, partition.route53_region, partition.iam_region] {
                assert!(partition.default_regions.contains(&region), "{region}");
            }
        }
        for slip in ["", "eu-west", "eu_west_1", "EU-west-1", "eu--1", "europe-west-1", "eu-west-1a", "*"] {
            assert!(!is_region_in_form(slip), "{slip}");
        }
    }

    #[test]
    fn regions_of_unknown_partitions_belong_to_none() {
        let of = |region: &str| partition_of_region(region).map(|partition| partition.name);
        for (new, home) in [
            ("eu-west-9", "aws"),
            ("us-gov-north-1", "aws-us-gov"),
            ("eusc-de-west-1", "aws-eusc"),
            ("cn-south-1", "aws-cn"),
        ] {
            assert_eq!(of(new), Some(home), "{new}");
        }
        for unknown in [
            "",
            "xx-west-1",
            "eusc-fr-east-1",
            "us-isox-east-1",
            "eusc-east-1",
            "aws-global",
            "us-east",
            "us-east-1a",
            "us--1",
        ] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
        assert_eq!(partition_or_default(Some("aws-eusc")).dns_suffix, "amazonaws.eu");
        assert_eq!(partition_or_default(Some("gcp")).name, "aws");
    }

    #[test]
    fn sts_is_asked_where_its_tokens_are_good_everywhere() {
        let sts = |region: &str| partition_of_region(region).map(|partition| partition.sts_region(region));
        assert_eq!(sts("eu-west-1").as_deref(), Some("eu-west-1"));
        assert_eq!(sts("eu-south-2").as_deref(), Some("us-east-1"));
        assert_eq!(sts("cn-north-1").as_deref(), Some("cn-north-1"));
        assert_eq!(sts("eusc-de-east-1").as_deref(), Some("eusc-de-east-1"));
    }
}
