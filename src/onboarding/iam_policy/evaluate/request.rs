//! What is asked of a policy: who calls which action on what, and what is known of the rest of the request.
//!
//! **Invariant:** knows no policy.

use std::collections::BTreeMap;

use super::caller::Caller;
use super::key_value::KeyValue;

/// A request that IAM would authorize.
#[derive(Clone, Debug)]
pub(crate) struct AccessRequest {
    pub caller: Caller,
    /// The action: `sts:AssumeRole`. Case is ignored.
    pub action: String,
    /// The ARN of the resource, or `*` for an action that has none.
    pub resource: String,
    pub context: RequestContext,
}

impl AccessRequest {
    pub(crate) fn new(caller: Caller, action: &str, resource: &str, context: RequestContext) -> Self {
        Self { caller, action: action.to_owned(), resource: resource.to_owned(), context }
    }

    /// What is known of a condition key: what the context says, else what follows from the caller.
    pub(crate) fn key(&self, key: &str) -> KeyValue {
        let name = key.to_ascii_lowercase();
        let known = self.context.keys.get(&name).cloned().or_else(|| self.caller.key(&name));
        known.unwrap_or(if self.context.others_are_absent { KeyValue::Absent } else { KeyValue::Unknown })
    }
}

/// The condition keys of a request. IAM ignores the case of their names.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    keys: BTreeMap<String, KeyValue>,
    others_are_absent: bool,
}

impl RequestContext {
    /// A context in which every key that is not set is unknown, unless it follows from the caller.
    pub(crate) fn others_unknown() -> Self {
        Self { keys: BTreeMap::new(), others_are_absent: false }
    }

    /// Sets what is known of a key. It goes before what follows from the caller.
    pub(crate) fn with(mut self, key: &str, value: KeyValue) -> Self {
        self.keys.insert(key.to_ascii_lowercase(), value);
        self
    }

    /// Sets a key to one value.
    pub(crate) fn with_value(self, key: &str, value: &str) -> Self {
        self.with(key, KeyValue::Values(vec![value.to_owned()]))
    }

    /// Sets that the request does not have a key.
    pub(crate) fn with_absent(self, key: &str) -> Self {
        self.with(key, KeyValue::Absent)
    }
}

#[cfg(test)]
impl RequestContext {
    /// A context in which every key that is not set is absent, unless it follows from the caller.
    pub(crate) fn others_absent() -> Self {
        Self { keys: BTreeMap::new(), others_are_absent: true }
    }

    /// Sets a key to several values.
    pub(crate) fn with_values(self, key: &str, values: &[&str]) -> Self {
        self.with(key, KeyValue::Values(values.iter().map(|value| (*value).to_owned()).collect()))
    }
}
