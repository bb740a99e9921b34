//! Session policies, which narrow what an assumed session may do.

use std::sync::Arc;

/// A session policy: one document for all services, or two (EC2 and the rest) if one would be too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionPolicy {
    /// One session for all services.
    One(Arc<str>),
    /// One session for EC2 and one for all other services.
    Two {
        /// The document for EC2.
        ec2: Arc<str>,
        /// The document for all other services.
        rest: Arc<str>,
    },
}

impl SessionPolicy {
    /// One session that is allowed exactly these actions, on every resource.
    pub fn of(actions: &[&str]) -> Self {
        Self::One(Self::document(&[("*", actions.to_vec())]))
    }

    /// The policy document that allows exactly these actions, each group on its resource.
    pub fn document(groups: &[(&str, Vec<&str>)]) -> Arc<str> {
        let statement = |(resource, actions): &(&str, Vec<&str>)| serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
        let statements: Vec<_> = groups.iter().map(statement).collect();
        serde_json::json!({ "Version": "2012-10-17", "Statement": statements }).to_string().into()
    }
}
