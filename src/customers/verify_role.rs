//! Checks that STS assumed the role that was asked for.

use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::{AccountId, Arn};

/// Checks which role in which account was assumed. The response names it, as
/// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
pub(super) fn verify(arn: &str, account_id: &str, role_arn: &str) -> Result<(), AwsError> {
    let arn = arn.parse::<Arn>().ok().filter(|arn| arn.service == "sts" && arn.region.is_empty());
    let account = arn.as_ref().and_then(|arn| arn.account_id.as_ref()).map(AccountId::as_str);
    let role = role_arn.rsplit('/').next().unwrap_or_default();
    let expected = format!("assumed-role/{role}/");
    match (arn.as_ref(), account) {
        (Some(arn), Some(account)) if account == account_id && arn.resource.starts_with(&expected) => Ok(()),
        (_, Some(account)) if account != account_id => Err(AwsError::new(
            AwsErrorKind::WrongAccount,
            format!("the role that was assumed lies in account {account}, not in {account_id}"),
        )),
        _ => Err(AwsError::new(
            AwsErrorKind::Other,
            format!("STS does not say that role {role} of account {account_id} was assumed"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_role_of_the_named_account_passes() {
        let role = "arn:aws:iam::111122223333:role/path/rolecall-inventory";
        let arn = |account: &str, role: &str| format!("arn:aws:sts::{account}:assumed-role/{role}/rolecall-x");
        assert!(verify(&arn("111122223333", "rolecall-inventory"), "111122223333", role).is_ok());
        let other = verify(&arn("999999999999", "rolecall-inventory"), "111122223333", role).unwrap_err();
        assert_eq!(other.message, "the role that was assumed lies in account 999999999999, not in 111122223333");
        assert!(verify(&arn("111122223333", "rolecall-inventory-2"), "111122223333", role).is_err());
        assert!(verify("", "111122223333", role).is_err());
    }
}
