//! ARNs of roles, checked before AWS sees them, so that a slip of the pen is told with its place and
//! no call is made for an account that nobody meant.

use crate::domain::account_id::AccountId;
use crate::input::{ParseError, quoted};

/// The form of a role's name, as a JSON Schema says it.
pub(crate) const ROLE_NAME_PATTERN: &str = r"^[A-Za-z0-9_+=,.@-]{1,64}$";

/// The form of a role's ARN, as a JSON Schema says it.
pub(crate) const ROLE_ARN_PATTERN: &str = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/([!-~]+/)?[A-Za-z0-9_+=,.@-]{1,64}$";

/// The most characters of a role's path, its opening slash included.
const PATH_CHARACTERS: usize = 512;

/// The ARN of a role without a path.
pub(crate) fn role_arn(partition: &str, account_id: &AccountId, role_name: &str) -> String {
    format!("arn:{partition}:iam::{account_id}:role/{role_name}")
}

/// Reads a role's name, without a path.
pub(crate) fn role_name(text: &str) -> Result<String, ParseError> {
    if is_role_name(text) {
        return Ok(text.to_owned());
    }
    Err(ParseError(format!(
        "{} is not a role name: write 1 to 64 letters, digits and _+=,.@- without a path (a role with a path needs its own role_arn)",
        quoted(text)
    )))
}

/// The ARN of a role, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleArn {
    /// `aws`.
    pub partition: String,
    /// The account that the role lies in.
    pub account_id: AccountId,
    /// Its name, with its path in front where it has one: `team/rolecall-backend`.
    pub path_and_name: String,
}

impl RoleArn {
    /// The role's name, without its path.
    pub(crate) fn name(&self) -> &str {
        self.path_and_name.rsplit('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for RoleArn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { partition, account_id, path_and_name } = self;
        write!(formatter, "arn:{partition}:iam::{account_id}:role/{path_and_name}")
    }
}

impl std::str::FromStr for RoleArn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        taken_apart(text).ok_or_else(|| not_an_arn(text, "aws"))
    }
}

/// Reads the ARN of a role in this partition, and gives the account that it lies in.
pub(crate) fn account_of_role(text: &str, partition: &str) -> Result<AccountId, ParseError> {
    let role = taken_apart(text).ok_or_else(|| not_an_arn(text, partition))?;
    if role.partition != partition {
        return Err(ParseError(format!(
            "lies in the partition {}, and this backend in {}, which cannot enter it: deploy a backend there",
            quoted(&role.partition),
            quoted(partition)
        )));
    }
    Ok(role.account_id)
}

fn not_an_arn(text: &str, partition: &str) -> ParseError {
    let example = format!("arn:{partition}:iam::111122223333:role/rolecall-inventory");
    ParseError(format!("{} is not the ARN of a role: write one as {example}", quoted(text)))
}

fn taken_apart(text: &str) -> Option<RoleArn> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else { return None };
    let account_id: AccountId = account.parse().ok()?;
    let path_and_name = resource.strip_prefix("role/")?;
    let (path, name) = path_and_name.rsplit_once('/').unwrap_or(("", path_and_name));
    let odd_path = (path.is_empty() && path_and_name.starts_with('/'))
        || path.len() + 2 > PATH_CHARACTERS
        || !path.bytes().all(|byte| byte.is_ascii_graphic());
    if odd_path || !is_role_name(name) || !is_partition(partition) {
        return None;
    }
    Some(RoleArn { partition: partition.to_owned(), account_id, path_and_name: path_and_name.to_owned() })
}

fn is_role_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
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
            assert_eq!(account_of_role(&arn, "aws"), Ok(account.clone()), "{arn}");
        }
        assert_eq!(role_arn("aws-cn", &account, "x"), "arn:aws-cn:iam::111122223333:role/x");
        assert_eq!(account_of_role(&role_arn("aws-cn", &account, "x"), "aws-cn"), Ok(account));
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
            assert!(account_of_role(wrong, "aws").is_err(), "{wrong}");
        }
        insta::assert_snapshot!(account_of_role("rolecall", "aws-cn").unwrap_err(), @"`rolecall` is not the ARN of a role: write one as arn:aws-cn:iam::111122223333:role/rolecall-inventory");
        insta::assert_snapshot!(account_of_role("arn:aws-cn:iam::111122223333:role/x", "aws").unwrap_err(), @"lies in the partition `aws-cn`, and this backend in `aws`, which cannot enter it: deploy a backend there");
        insta::assert_snapshot!(role_name("team/x").unwrap_err(), @"`team/x` is not a role name: write 1 to 64 letters, digits and _+=,.@- without a path (a role with a path needs its own role_arn)");
    }

    proptest! {
        #[test]
        fn an_accepted_arn_is_within_the_limits_of_iam(text in r"(arn:aws:iam::111122223333:role/)?[a-z:/ *é-]{0,12}") {
            if account_of_role(&text, "aws").is_ok() {
                prop_assert!((20..=2048).contains(&text.len()));
                prop_assert!(text.is_ascii() && text.starts_with("arn:aws:iam::111122223333:role/"));
                let schema = serde_json::json!({"pattern": ROLE_ARN_PATTERN});
                prop_assert!(jsonschema::is_valid(&schema, &text.into()));
            }
        }
    }
}
