//! Chooses the regions of an account among those that are enabled there.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{Globs, is_full_name};
use crate::input::ParseError;

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
    /// Compiles the globs of target and request.
    pub(crate) fn filter(&self) -> Result<RegionFilter, ParseError> {
        let request = self.request.as_ref().map(Globs::new).transpose();
        Ok(RegionFilter { target: Globs::new(&self.target)?, request: request? })
    }
}

/// The compiled globs of a [`RegionChoice`].
#[derive(Clone, Debug)]
pub(crate) struct RegionFilter {
    target: Globs,
    request: Option<Globs>,
}

impl RegionFilter {
    fn is_wanted(&self, region: &str) -> bool {
        self.request.as_ref().is_none_or(|globs| globs.matches(region))
    }

    /// Chooses among the enabled regions of an account. Each is chosen once, even if AWS lists it twice.
    pub(crate) fn choose<'a>(&self, enabled: impl IntoIterator<Item = &'a str>) -> ChosenRegions {
        let is_chosen = |region: &&str| self.target.matches(region) && self.is_wanted(region);
        let ask = unique(enabled.into_iter().filter(is_chosen));
        let asked = || ask.iter().map(String::as_str);
        let not_enabled = "the region is not enabled in this account";
        let mut disabled: Vec<(String, String)> = Vec::new();
        for pattern in self.request.iter().flat_map(|globs| globs.unmatched(asked())) {
            let reason = match (is_full_name(pattern), self.target.matches(pattern)) {
                (true, true) => not_enabled,
                (true, false) => "the registry does not let this region be asked in this account",
                (false, _) => "no region that is enabled in this account and allowed by the registry matches",
            };
            disabled.push((pattern.to_owned(), reason.to_owned()));
        }
        for pattern in self.target.unmatched(asked()) {
            let reason = match (is_full_name(pattern), &self.request) {
                (true, _) if self.is_wanted(pattern) => not_enabled,
                (false, None) => "no region that is enabled in this account matches",
                _ => continue,
            };
            disabled.push((pattern.to_owned(), reason.to_owned()));
        }
        let mut seen = HashSet::new();
        disabled.retain(|(pattern, _)| seen.insert(pattern.clone()));
        ChosenRegions { ask, disabled }
    }

    /// The regions that are named in full, beside any globs. They are used if the enabled regions may not be listed.
    pub(crate) fn names(&self) -> Vec<String> {
        let patterns = self.request.iter().chain([&self.target]).flat_map(Globs::full_names);
        unique(patterns.filter(|name| self.target.matches(name) && self.is_wanted(name)))
    }

    /// Whether names alone decide which regions are asked. Otherwise it takes the list of enabled regions to know them all.
    pub(crate) fn has_names_only(&self) -> bool {
        self.target.are_full_names() || self.request.as_ref().is_some_and(Globs::are_full_names)
    }

    /// The regions if all of them are named in full. Only then they are known for an account that was never entered.
    pub(crate) fn named_in_full(&self) -> Option<Vec<String>> {
        self.has_names_only().then(|| self.names()).filter(|names| !names.is_empty())
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(target: &[&str], request: Option<&[&str]>) -> RegionFilter {
        let own = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>();
        RegionChoice { target: own(target), request: request.map(own) }.filter().unwrap()
    }

    #[test]
    fn a_request_only_narrows_and_unmatched_patterns_are_reported() {
        // AWS may list a region twice.
        let enabled = ["eu-west-1", "eu-central-1", "us-east-1", "eu-west-1"];
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
        // A request only narrows, so the names of the target are all that there can be.
        let narrowed = choice(&["eu-west-1", "us-east-1"], Some(&["eu-*"]));
        assert_eq!(narrowed.named_in_full(), Some(vec!["eu-west-1".into()]));
        let (named, request) = (&["*", "eu-west-1"][..], Some(&["eu-west-1", "eu-west-1"][..]));
        assert_eq!(choice(named, request).names(), ["eu-west-1"], "a region is named once");
        // Nothing that is named may be asked, which is known without a list of the enabled regions.
        let forbidden = choice(&["us-*"], Some(&["eu-west-1"]));
        assert!(forbidden.has_names_only() && forbidden.named_in_full().is_none());
    }
}
