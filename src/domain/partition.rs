//! AWS's partitions and their known regions.
//!
//! Every run asks AWS which regions are enabled in an account. This list only detects misspelt region names, and
//! supplies the default regions if no API may be called that lists the enabled ones. It also says which regions are
//! opt-in: those launched after 2019-03-20, as AWS documents.

/// A partition of AWS, which has accounts and regions of its own.
#[derive(Debug)]
pub struct Partition {
    /// The name in ARNs: `aws`, `aws-cn`, `aws-us-gov`.
    pub name: &'static str,
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
        default_region: "cn-north-1",
        console_host: "console.amazonaws.cn",
        route53_region: "cn-northwest-1",
        iam_region: "cn-north-1",
        default_regions: &["cn-north-1", "cn-northwest-1"],
        opt_in_regions: &[],
    },
    Partition {
        name: "aws-us-gov",
        default_region: "us-gov-west-1",
        console_host: "console.amazonaws-us-gov.com",
        route53_region: "us-gov-west-1",
        iam_region: "us-gov-west-1",
        default_regions: &["us-gov-east-1", "us-gov-west-1"],
        opt_in_regions: &[],
    },
];

/// Returns the partition with the given name, if it is known.
pub(crate) fn partition(name: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| partition.name == name)
}

/// Returns the partition of a region. The name's prefix decides, so this works for new regions too.
pub(crate) fn partition_of_region(region: &str) -> &'static Partition {
    let index = if region.starts_with("cn-") {
        1
    } else if region.starts_with("us-gov-") {
        2
    } else {
        0
    };
    &PARTITIONS[index]
}

impl Partition {
    /// Returns all known regions, the default ones first.
    pub fn regions(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.default_regions.iter().chain(self.opt_in_regions).copied()
    }

    /// Returns the region whose STS endpoint is called: `own`, or the partition's default region if `own` is opt-in.
    ///
    /// A token from an opt-in region is valid only if the customer has enabled that region too.
    pub fn sts_region(&self, own: &str) -> String {
        if self.default_regions.contains(&own) { own.to_owned() } else { self.default_region.to_owned() }
    }
}

/// Returns whether a text has the form of a region's name: `eu-west-1`, `us-gov-east-1`.
pub(crate) fn is_region_in_form(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return false };
    let lower = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    first.len() == 2
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
                assert_eq!(partition_of_region(region).name, partition.name);
            }
        }
        for slip in ["", "eu-west", "eu_west_1", "EU-west-1", "eu--1", "europe-west-1", "eu-west-1a", "*"] {
            assert!(!is_region_in_form(slip), "{slip}");
        }
    }

    #[test]
    fn sts_is_asked_where_its_tokens_are_good_everywhere() {
        assert_eq!(partition_of_region("eu-west-1").sts_region("eu-west-1"), "eu-west-1");
        assert_eq!(partition_of_region("eu-south-2").sts_region("eu-south-2"), "us-east-1");
        assert_eq!(partition_of_region("cn-north-1").sts_region("cn-north-1"), "cn-north-1");
    }
}
