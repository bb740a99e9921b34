//! Amazon Resource Names.
//!
//! **Invariant:** the only place that takes an ARN apart.

use std::fmt;
use std::str::FromStr;

use super::AccountId;
use crate::input::{ParseError, quoted};

/// An Amazon Resource Name: `arn:partition:service:region:account-id:resource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arn {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The service's namespace, such as `iam`.
    pub service: String,
    /// The region; empty for global resources.
    pub region: String,
    /// The account; none for resources that no account owns, such as S3 buckets.
    pub account_id: Option<AccountId>,
    /// Everything after the account, colons and slashes included.
    pub resource: String,
}

impl Arn {
    /// Returns the last segment of the resource's path: `x` of `role/team/x`.
    pub(crate) fn name(&self) -> &str {
        self.resource.rsplit('/').next().unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let malformed = || ParseError(format!("{} is not an ARN", quoted(text)));
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts[..] else { return Err(malformed()) };
        let account_id = if account.is_empty() { None } else { Some(account.parse().map_err(|_| malformed())?) };
        if !is_partition(partition) || service.is_empty() || !is_label(service) || !is_label(region) {
            return Err(malformed());
        }
        if resource.is_empty() || !resource.chars().all(|character| character.is_ascii_graphic()) {
            return Err(malformed());
        }
        Ok(Self {
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account_id,
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account_id, resource } = self;
        let account = account_id.as_ref().map_or("", AccountId::as_str);
        write!(formatter, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn is_label(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_arn_has_six_parts() {
        let arn: Arn = "arn:aws:events:eu-west-1:111122223333:rule/bus/nightly".parse().unwrap();
        assert_eq!((arn.partition.as_str(), arn.service.as_str(), arn.region.as_str()), ("aws", "events", "eu-west-1"));
        assert_eq!(arn.account_id.as_ref().map(AccountId::as_str), Some("111122223333"));
        assert_eq!((arn.resource.as_str(), arn.name()), ("rule/bus/nightly", "nightly"));
        let bucket: Arn = "arn:aws-cn:s3:::bucket".parse().unwrap();
        assert_eq!((bucket.name(), bucket.account_id.is_none()), ("bucket", true));
    }

    #[test]
    fn malformed_arns_are_refused() {
        for wrong in [
            "",
            "arn",
            "arn:aws:iam::111122223333",
            "arn:aws:iam::111122223333:",
            "arn:aws:iam::abcdefghijkl:role/x",
            "arn:aws:iam::11112222333:role/x",
            "arn:aws:iam::*:role/x",
            "arn:gcp:iam::111122223333:role/x",
            "arn:AWS:iam::111122223333:role/x",
            "arn:aws:::111122223333:role/x",
            "arn:aws:iam:EU:111122223333:role/x",
            "arn:aws:iam::111122223333:role/x y",
            "arn:aws:iam::111122223333:role/x\n",
            " arn:aws:iam::111122223333:role/x",
        ] {
            assert!(wrong.parse::<Arn>().is_err(), "{wrong}");
        }
        insta::assert_snapshot!("rolecall".parse::<Arn>().unwrap_err(), @"`rolecall` is not an ARN");
    }

    proptest! {
        #[test]
        fn an_arn_is_displayed_as_it_was_parsed(text in "arn:aws:[a-z]{1,3}:(eu-west-1)?:(111122223333)?:[a-z:/*]{0,5}") {
            if let Ok(arn) = text.parse::<Arn>() {
                prop_assert_eq!(arn.to_string(), text);
            }
        }
    }
}
