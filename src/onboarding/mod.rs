//! Turns a customer's account into an enabled target: invitations, imports, checks, and the IAM policies that these read and
//! write.

mod paging;
mod safety;
pub(crate) mod iam_policy;
pub(crate) mod check;
pub(crate) mod invitation;
pub(crate) mod import;
