//! Chooses the regions of an account among those that are enabled there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::Globs;

/// The region globs of a target, and those of the request, which only narrow them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RegionChoice {
    /// The regions that the registry allows.
    pub target: Vec<String>,
    /// The regions that the request asks for. If they are missing, it asks for all that the registry allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Vec<String>>,
}

/// The regions to ask, and those that were requested and cannot be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChosenRegions {
    /// Regions that are enabled, allowed and requested.
    pub ask: Vec<String>,
    /// Names and globs that match no region to ask, each with the reason.
    pub disabled: Vec<(String, String)>,
}

impl RegionChoice {
    /// Chooses among the enabled regions of an account.
    pub(crate) fn choose<'a>(&self, enabled: impl IntoIterator<Item = &'a str>) -> ChosenRegions {
        let target = Globs::new(&self.target);
        let request = self.request.as_ref().map(Globs::new);
        let wanted = |region: &str| request.as_ref().is_none_or(|globs| globs.matches(region));
        let ask: Vec<String> =
            enabled.into_iter().filter(|region| target.matches(region) && wanted(region)).map(str::to_owned).collect();
        let mut disabled: Vec<(String, String)> = Vec::new();
        let mut add = |pattern: &str, reason: &str| {
            if !disabled.iter().any(|(known, _)| known == pattern) {
                disabled.push((pattern.to_owned(), reason.to_owned()));
            }
        };
        for pattern in self.request.iter().flatten() {
            let glob = Globs::new([pattern]);
            if ask.iter().any(|region| glob.matches(region)) {
                continue;
            }
            let named = glob.full_names().next().is_some();
            match (named, target.matches(pattern)) {
                (true, true) => add(pattern, "the region is not enabled in this account"),
                (true, false) => add(pattern, "the registry does not let this region be asked in this account"),
                (false, _) => {
                    add(pattern, "no region that is enabled in this account and allowed by the registry matches")
                }
            }
        }
        for pattern in &self.target {
            let glob = Globs::new([pattern]);
            let named = glob.full_names().next().is_some();
            if (named && wanted(pattern) || !named && self.request.is_none())
                && !ask.iter().any(|region| glob.matches(region))
            {
                add(
                    pattern,
                    if named {
                        "the region is not enabled in this account"
                    } else {
                        "no region that is enabled in this account matches"
                    },
                );
            }
        }
        ChosenRegions { ask, disabled }
    }

    /// The regions that are named in full, beside any globs. They are used if the enabled regions may not be listed.
    pub(crate) fn names(&self) -> Vec<String> {
        let target = Globs::new(&self.target);
        let wanted = self.request.as_ref().map(Globs::new);
        let patterns = self.request.iter().flatten().chain(&self.target);
        let names = Globs::new(patterns).full_names().map(|name| name.to_string()).collect::<Vec<_>>();
        let allowed = |name: &String| target.matches(name) && wanted.as_ref().is_none_or(|globs| globs.matches(name));
        names.into_iter().filter(allowed).collect()
    }

    /// The regions if all of them are named in full. Only then they are known for an account that was never entered.
    pub(crate) fn named_in_full(&self) -> Option<Vec<String>> {
        let target = Globs::new(&self.target);
        let patterns = self.request.as_ref().unwrap_or(&self.target);
        let names: Vec<String> = Globs::new(patterns).full_names().map(|name| name.to_string()).collect();
        (names.len() == patterns.len())
            .then(|| names.into_iter().filter(|name| target.matches(name)).collect::<Vec<_>>())
            .filter(|names| !names.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(target: &[&str], request: Option<&[&str]>) -> RegionChoice {
        let own = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>();
        RegionChoice { target: own(target), request: request.map(own) }
    }

    #[test]
    fn a_request_only_narrows_and_unmatched_patterns_are_reported() {
        let enabled = ["eu-west-1", "eu-central-1", "us-east-1"];
        for (target, request, ask, disabled) in [
            (&["*"][..], None, &["eu-west-1", "eu-central-1", "us-east-1"][..], &[][..]),
            (&["eu-*"], None, &["eu-west-1", "eu-central-1"], &[]),
            (&["eu-*"], Some(&["*-1"][..]), &["eu-west-1", "eu-central-1"], &[]),
            (&["eu-*"], Some(&["us-east-1", "eu-west-1"][..]), &["eu-west-1"], &["us-east-1"]),
            (&["*"], Some(&["me-south-1", "af-*"][..]), &[], &["me-south-1", "af-*"]),
            (&["eu-west-1", "me-south-1"], None, &["eu-west-1"], &["me-south-1"]),
            (&["eu-west-1", "me-south-1"], Some(&["eu-*"][..]), &["eu-west-1"], &[]),
        ] {
            let chosen = choice(target, request).choose(enabled);
            assert_eq!(chosen.ask, ask, "{target:?} {request:?}");
            let reported: Vec<&str> = chosen.disabled.iter().map(|(pattern, _)| pattern.as_str()).collect();
            assert_eq!(reported, disabled, "{target:?} {request:?}");
        }
    }

    #[test]
    fn regions_are_known_without_entering_an_account_if_all_are_named() {
        assert_eq!(choice(&["*"], None).named_in_full(), None);
        assert_eq!(choice(&["*"], Some(&["eu-west-1"])).named_in_full(), Some(vec!["eu-west-1".into()]));
        assert_eq!(choice(&["*"], Some(&["eu-west-1", "us-*"])).named_in_full(), None);
        assert_eq!(choice(&["eu-west-1"], None).named_in_full(), Some(vec!["eu-west-1".into()]));
    }
}
