//! What the listing of an organization showed when a run was planned.
//!
//! **Invariant:** pure. Says nothing of how the organization is listed.

use std::collections::HashSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::customers::{MemberAccount, Registry};
use crate::domain::AccountId;

/// An organization of the registry, as a run found it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationListing {
    /// Its name in the registry.
    pub name: String,
    /// When it was listed. After a failure that is the last listing that succeeded; it is missing if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Timestamp")]
    pub listed_at: Option<Timestamp>,
    /// Why it could not be listed for this run. Accounts that joined since `listed_at` are then missing from the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub error: Option<String>,
    /// Its active accounts, without those that the registry excludes.
    pub accounts: u64,
    /// Accounts that joined since the listing before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<AccountId>,
    /// Accounts that left since the listing before: they are gone, closed or suspended, or lie elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<AccountId>,
    /// Active accounts that no run enters, since the registry neither enables the organization nor has targets for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unregistered: Vec<AccountId>,
    /// The number of accounts that were left out of these lists to keep the response small. The plan has all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl OrganizationListing {
    /// Compares a listing with the one before. Without one before, nobody joined and nobody left.
    pub(in crate::engine) fn of(
        (name, enable): (&str, bool),
        members: &[MemberAccount],
        before: Option<&[MemberAccount]>,
        registry: &Registry,
    ) -> Self {
        let ids = |members: &[MemberAccount]| -> HashSet<AccountId> {
            members.iter().map(|member| member.account_id.clone()).collect()
        };
        let missing_in = |members: &[MemberAccount], there: &HashSet<AccountId>| -> Vec<AccountId> {
            let mut missing: Vec<AccountId> = ids(members).difference(there).cloned().collect();
            missing.sort();
            missing
        };
        let joined = before.map(|before| missing_in(members, &ids(before))).unwrap_or_default();
        let left = before.map(|before| missing_in(before, &ids(members))).unwrap_or_default();
        let is_unregistered = |member: &&MemberAccount| !enable && registry.target(&member.account_id).is_none();
        let unregistered = members.iter().filter(is_unregistered).map(|member| member.account_id.clone());
        let mut unregistered: Vec<AccountId> = unregistered.collect();
        unregistered.sort();
        Self {
            name: name.to_owned(),
            listed_at: None,
            error: None,
            accounts: members.len() as u64,
            joined,
            left,
            unregistered,
            omitted: 0,
        }
    }

    /// Returns listings with at most `most` accounts in all of their lists together. What is left out is counted.
    pub(in crate::engine) fn bounded(listings: &[Self], most: usize) -> Vec<Self> {
        let mut left = most;
        let mut shorten = |accounts: &[AccountId]| {
            let kept: Vec<AccountId> = accounts.iter().take(left).cloned().collect();
            left -= kept.len();
            kept
        };
        let bounded = listings.iter().map(|listing| {
            let (joined, gone) = (shorten(&listing.joined), shorten(&listing.left));
            let unregistered = shorten(&listing.unregistered);
            let all = listing.joined.len() + listing.left.len() + listing.unregistered.len();
            let omitted = listing.omitted + (all - joined.len() - gone.len() - unregistered.len()) as u64;
            Self { joined, left: gone, unregistered, omitted, ..listing.clone() }
        });
        bounded.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(numbers: std::ops::Range<u32>) -> Vec<MemberAccount> {
        let member = |number: u32| MemberAccount {
            account_id: format!("{number:012}").parse().unwrap(),
            name: None,
            unit: String::new(),
        };
        numbers.map(member).collect()
    }

    #[test]
    fn who_joined_and_left_follows_from_two_listings() {
        let registry = br#"{"version":1,"targets":[{"account_id":"000000000003","external_id":null}]}"#;
        let registry = Registry::read(registry, "aws").unwrap();
        let listing = |enable, before: Option<&[MemberAccount]>| {
            OrganizationListing::of(("acme", enable), &members(2..6), before, &registry)
        };
        let numbers = |accounts: &[AccountId]| -> Vec<u32> {
            accounts.iter().map(|account| account.as_str().parse().unwrap()).collect()
        };
        let first = listing(true, None);
        assert!(first.joined.is_empty() && first.left.is_empty() && first.unregistered.is_empty());
        let next = listing(false, Some(&members(0..4)));
        assert_eq!(numbers(&next.joined), [4, 5]);
        assert_eq!(numbers(&next.left), [0, 1]);
        assert_eq!(numbers(&next.unregistered), [2, 4, 5]);
        let bounded = OrganizationListing::bounded(&[next.clone(), next.clone()], 5);
        let sizes = |listing: &OrganizationListing| {
            (listing.joined.len(), listing.left.len(), listing.unregistered.len(), listing.omitted)
        };
        assert_eq!(bounded.iter().map(sizes).collect::<Vec<_>>(), [(2, 2, 1, 2), (0, 0, 0, 7)]);
        assert_eq!(OrganizationListing::bounded(std::slice::from_ref(&next), 100), [next]);
    }
}
