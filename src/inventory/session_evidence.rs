//! The rule for rejected credentials: either the region is not enabled in the account, or the session itself has ended.
//! Runs and checks both decide by it.
//!
//! **Invariant:** a pure function of where the session worked and where it was rejected.

use std::collections::BTreeSet;

/// Stands for the region in cells of services that have none.
pub(crate) const GLOBAL: &str = "global";

/// Where one session worked, and where its credentials were rejected.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionEvidence {
    answered: BTreeSet<String>,
    rejected: BTreeSet<String>,
}

impl SessionEvidence {
    /// Records that AWS answered the session in a region, or `global`.
    pub(crate) fn answered_in(&mut self, region: &str) {
        self.answered.insert(region.to_owned());
    }

    /// Records that AWS rejected the session's credentials in a region, or for `global`.
    pub(crate) fn rejected_in(&mut self, region: &str) {
        self.rejected.insert(region.to_owned());
    }

    /// Returns whether the session has ended. A region that has answered is not switched off in between, and `global`
    /// is no region, so a rejection there says nothing of regions.
    fn has_ended(&self) -> bool {
        self.rejected.contains(GLOBAL) || !self.answered.is_disjoint(&self.rejected)
    }

    /// Returns whether the region is not enabled in the account: the credentials were rejected there, and the same
    /// session works elsewhere and has not ended.
    pub(crate) fn is_region_disabled(&self, region: &str) -> bool {
        self.rejected.contains(region) && !self.answered.is_empty() && !self.has_ended()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REGIONS: [&str; 4] = [GLOBAL, "eu-central-1", "me-south-1", "us-east-1"];

    /// The rule as it is written down, over the calls one by one.
    fn is_disabled_by_specification(calls: &[(usize, bool)], region: &str) -> bool {
        let answered = |region: &str| calls.iter().any(|(at, worked)| *worked && REGIONS[*at] == region);
        let rejected = |region: &str| calls.iter().any(|(at, worked)| !worked && REGIONS[*at] == region);
        for (at, worked) in calls {
            if !worked && (REGIONS[*at] == GLOBAL || answered(REGIONS[*at])) {
                return false;
            }
        }
        rejected(region) && REGIONS.iter().any(|other| *other != region && answered(other))
    }

    proptest! {
        #[test]
        fn the_rule_is_the_specification(calls in proptest::collection::vec((0_usize..4, any::<bool>()), 0..12)) {
            let mut evidence = SessionEvidence::default();
            for (at, worked) in &calls {
                if *worked { evidence.answered_in(REGIONS[*at]) } else { evidence.rejected_in(REGIONS[*at]) }
            }
            for region in REGIONS {
                let expected = is_disabled_by_specification(&calls, region);
                prop_assert_eq!(evidence.is_region_disabled(region), expected, "{} of {:?}", region, &calls);
            }
        }

        #[test]
        fn the_order_of_the_calls_does_not_matter(calls in proptest::collection::vec((0_usize..4, any::<bool>()), 0..12)) {
            let collect = |calls: &mut dyn Iterator<Item = &(usize, bool)>| {
                let mut evidence = SessionEvidence::default();
                for (at, worked) in calls {
                    if *worked { evidence.answered_in(REGIONS[*at]) } else { evidence.rejected_in(REGIONS[*at]) }
                }
                REGIONS.map(|region| evidence.is_region_disabled(region))
            };
            prop_assert_eq!(collect(&mut calls.iter()), collect(&mut calls.iter().rev()));
        }
    }
}
