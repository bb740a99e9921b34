//! From a customer's account to an enabled target: invitations, imports, checks, and the IAM policies they read and write.

pub(crate) mod iam_policy;
pub(crate) mod check;
pub(crate) mod invitation;
pub(crate) mod import;
