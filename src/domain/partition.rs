//! AWS's partitions and the regions that were known when this was written.
//!
//! What is enabled in an account is always asked; this list only tells a region's name from a slip,
//! stands in where nobody may say what is enabled, and says which regions are opt-in (FACTS: launched
//! after 2019-03-20).

/// One partition.
#[derive(Debug)]
pub struct Partition {
    /// `aws`.
    pub name: &'static str,
    /// Where STS, and what has no region of its own, is asked by default.
    pub default_region: &'static str,
    /// The host of the AWS console.
    pub console_host: &'static str,
    /// The region that Route 53 is signed for.
    pub route53_region: &'static str,
    /// The region that IAM is signed for.
    pub iam_region: &'static str,
    /// Enabled in every account.
    pub default_regions: &'static [&'static str],
    /// Enabled by those who want them.
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

/// The partition of that name.
pub(crate) fn partition(name: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| partition.name == name)
}

/// The partition that a region lies in, told by its name: new regions keep their partition's prefix.
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
    /// Every region known.
    pub fn regions(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.default_regions.iter().chain(self.opt_in_regions).copied()
    }

    /// The region to ask STS in: the backend's own, unless it is opt-in, since tokens of such a region
    /// are good only where the customer has enabled it too.
    pub fn sts_region(&self, own: &str) -> String {
        if self.default_regions.contains(&own) { own.to_owned() } else { self.default_region.to_owned() }
    }
}

/// Whether a text has the form of a region's name: `eu-west-1`, `us-gov-east-1`.
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
