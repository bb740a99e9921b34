//! Parses ARNs and names of IAM roles.
//!
//! They are checked before any call. A typing error is reported with its path, and no call goes to a wrong account.

use std::fmt;
use std::str::FromStr;

use super::{AccountId, Arn};
use crate::input::{ParseError, quoted};

/// The regular expression for a role's name in JSON Schemas.
pub(crate) const ROLE_NAME_PATTERN: &str = r"^[A-Za-z0-9_+=,.@-]{1,64}$";

/// The regular expression for a role's ARN in JSON Schemas.
pub(crate) const ROLE_ARN_PATTERN: &str = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/([!-~]+/)?[A-Za-z0-9_+=,.@-]{1,64}$";

/// IAM's limit for a role's path, including its first slash.
const MAX_PATH_CHARACTERS: usize = 512;

/// The ARN of an IAM role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleArn {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The account that owns the role.
    pub account_id: AccountId,
    /// The role's name, after its path if it has one: `team/rolecall-backend`.
    pub path_and_name: String,
}

impl RoleArn {
    /// Creates the ARN of a role without a path.
    pub(crate) fn new(partition: &str, account_id: &AccountId, name: &str) -> Self {
        Self { partition: partition.to_owned(), account_id: account_id.clone(), path_and_name: name.to_owned() }
    }

    /// Parses the ARN of a role that a backend in `partition` can assume: one of the same partition.
    pub(crate) fn in_partition(text: &str, partition: &str) -> Result<Self, ParseError> {
        let role = Self::parse(text).ok_or_else(|| not_a_role_arn(text, partition))?;
        if role.partition != partition {
            return Err(ParseError(format!(
                "is in the partition {}, which a backend in {} cannot enter: deploy a backend there",
                quoted(&role.partition),
                quoted(partition)
            )));
        }
        Ok(role)
    }

    /// Whether a text is the name of a role, after its path if it has one. IAM's paths have no blanks.
    pub(crate) fn is_path_and_name(text: &str) -> bool {
        text.bytes().all(|byte| byte.is_ascii_graphic())
            && Self::parse(&format!("arn:aws:iam::111122223333:role/{text}")).is_some()
    }

    /// Returns the role's name, without its path.
    pub(crate) fn name(&self) -> &str {
        self.path_and_name.rsplit('/').next().unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        if arn.service != "iam" || !arn.region.is_empty() {
            return None;
        }
        let path_and_name = arn.resource.strip_prefix("role/")?;
        let (path, name) = path_and_name.rsplit_once('/').unwrap_or(("", path_and_name));
        let double_slash = path.is_empty() && path_and_name.starts_with('/');
        if double_slash || path.len() + 2 > MAX_PATH_CHARACTERS || !is_role_name(name) {
            return None;
        }
        let path_and_name = path_and_name.to_owned();
        Some(Self { partition: arn.partition, account_id: arn.account_id?, path_and_name })
    }
}

impl FromStr for RoleArn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text).ok_or_else(|| not_a_role_arn(text, "aws"))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, account_id, path_and_name } = self;
        write!(formatter, "arn:{partition}:iam::{account_id}:role/{path_and_name}")
    }
}

/// Parses a role's name without a path.
pub(crate) fn role_name(text: &str) -> Result<String, ParseError> {
    if is_role_name(text) {
        return Ok(text.to_owned());
    }
    Err(ParseError(format!(
        "{} is not a role name: write 1 to 64 letters, digits and _+=,.@- without a path (a role with a path needs its own role_arn)",
        quoted(text)
    )))
}

fn not_a_role_arn(text: &str, partition: &str) -> ParseError {
    let example = format!("arn:{partition}:iam::111122223333:role/rolecall-inventory");
    ParseError(format!("{} is not the ARN of a role: write one as {example}", quoted(text)))
}

fn is_role_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn role_arns_name_their_account() {
        let account: AccountId = "111122223333".parse().unwrap();
        let long = format!("role/{}/x", "p".repeat(510));
        for resource in ["role/x", "role/a/b/x", "role/team!/rolecall-inventory", "role/a:b/x", long.as_str()] {
            let arn = format!("arn:aws:iam::111122223333:{resource}");
            assert_eq!(RoleArn::in_partition(&arn, "aws").map(|role| role.account_id), Ok(account.clone()), "{arn}");
        }
        let role = RoleArn::new("aws-cn", &account, "x");
        assert_eq!(role.to_string(), "arn:aws-cn:iam::111122223333:role/x");
        assert_eq!(RoleArn::in_partition(&role.to_string(), "aws-cn"), Ok(role));
    }

    #[test]
    fn what_is_no_role_arn_is_refused() {
        let long = format!("arn:aws:iam::111122223333:role/{}/x", "p".repeat(511));
        let long_name = format!("arn:aws:iam::111122223333:role/{}", "x".repeat(65));
        for wrong in [
            "",
            "x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::11112222333:role/x",
            "arn:aws:iam:eu-west-1:111122223333:role/x",
            "arn:aws:sts::111122223333:role/x",
            "arn:aws:iam::111122223333:role/x y",
            " arn:aws:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:role/x\n",
            "arn:aws:iam::111122223333:role/a b/x",
            "arn:aws:iam::111122223333:role//x",
            "arn:gcp:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:role/é",
            "arn:aws:iam::*:role/x",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:root",
            &long,
            &long_name,
        ] {
            assert!(RoleArn::in_partition(wrong, "aws").is_err(), "{wrong}");
        }
        insta::assert_snapshot!(RoleArn::in_partition("rolecall", "aws-cn").unwrap_err(), @"`rolecall` is not the ARN of a role: write one as arn:aws-cn:iam::111122223333:role/rolecall-inventory");
        insta::assert_snapshot!(RoleArn::in_partition("arn:aws-cn:iam::111122223333:role/x", "aws").unwrap_err(), @"is in the partition `aws-cn`, which a backend in `aws` cannot enter: deploy a backend there");
        insta::assert_snapshot!(role_name("team/x").unwrap_err(), @"`team/x` is not a role name: write 1 to 64 letters, digits and _+=,.@- without a path (a role with a path needs its own role_arn)");
    }

    proptest! {
        #[test]
        fn an_accepted_arn_is_within_the_limits_of_iam(text in r"(arn:aws:iam::111122223333:role/)?[a-z:/ *é-]{0,12}") {
            if RoleArn::in_partition(&text, "aws").is_ok() {
                prop_assert!((20..=2048).contains(&text.len()));
                prop_assert!(text.is_ascii() && text.starts_with("arn:aws:iam::111122223333:role/"));
                let schema = serde_json::json!({"pattern": ROLE_ARN_PATTERN});
                prop_assert!(jsonschema::is_valid(&schema, &text.into()));
            }
        }
    }
}
