//! Session policies: the documents that narrow an assumed session.

use std::sync::Arc;

/// The policies to try, the most exact first: one document for all services, or two (EC2, the rest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionPolicy {
    /// One session for everything.
    One(Arc<str>),
    /// One session for EC2 and one for the rest, where one policy is too large for both.
    Two {
        /// EC2's.
        ec2: Arc<str>,
        /// The other services'.
        rest: Arc<str>,
    },
}

impl SessionPolicy {
    /// One session that may do just this.
    pub fn of(actions: &[&str]) -> Self {
        Self::One(Self::document(actions.iter().copied()))
    }

    /// The document that allows exactly these actions, on every resource.
    pub fn document<'a>(actions: impl Iterator<Item = &'a str>) -> Arc<str> {
        let actions: Vec<&str> = actions.collect();
        let document = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
        });
        document.to_string().into()
    }
}
