//! Turns a customer's account into an enabled target: invitations, imports, checks, the IAM policies that these read and
//! write, and what policies let a role do.

mod safety;
pub(crate) mod iam_policy;
pub(crate) mod impact;
pub(crate) mod check;
pub(crate) mod invitation;
pub(crate) mod import;
