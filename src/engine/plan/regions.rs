//! How an account's regions are chosen among those that are enabled there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::Globs;

/// The target's globs, and the request's, which only narrow them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RegionChoice {
    /// What the registry lets us ask.
    pub target: Vec<String>,
    /// What the request asks for; everything that the target allows where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Vec<String>>,
}

/// What is asked in an account, and what was wanted and cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChosenRegions {
    /// Enabled, allowed and wanted.
    pub ask: Vec<String>,
    /// Names and globs that lead to no region here, each with the reason.
    pub disabled: Vec<(String, String)>,
}

impl RegionChoice {
    /// Chooses among the regions that are enabled.
    pub(crate) fn choose<'a>(&self, enabled: impl IntoIterator<Item = &'a str>) -> ChosenRegions {
        let target = Globs::new(&self.target);
        let request = self.request.as_ref().map(Globs::new);
        let wanted = |region: &str| request.as_ref().is_none_or(|globs| globs.matches(region));
        let ask: Vec<String> =
            enabled.into_iter().filter(|region| target.matches(region) && wanted(region)).map(str::to_owned).collect();
        let mut disabled: Vec<(String, String)> = Vec::new();
        let mut tell = |pattern: &str, why: &str| {
            if !disabled.iter().any(|(told, _)| told == pattern) {
                disabled.push((pattern.to_owned(), why.to_owned()));
            }
        };
        for pattern in self.request.iter().flatten() {
            let glob = Globs::new([pattern]);
            if ask.iter().any(|region| glob.matches(region)) {
                continue;
            }
            let named = glob.full_names().next().is_some();
            match (named, target.matches(pattern)) {
                (true, true) => tell(pattern, "the region is not enabled in this account"),
                (true, false) => tell(pattern, "the registry does not let this region be asked in this account"),
                (false, _) => {
                    tell(pattern, "no region that is enabled in this account and allowed by the registry matches")
                }
            }
        }
        for pattern in &self.target {
            let glob = Globs::new([pattern]);
            let named = glob.full_names().next().is_some();
            if (named && wanted(pattern) || !named && self.request.is_none())
                && !ask.iter().any(|region| glob.matches(region))
            {
                tell(
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

    /// The regions that are named in full, beside any globs: they stand in where nobody may say which are enabled.
    pub(crate) fn names(&self) -> Vec<String> {
        let target = Globs::new(&self.target);
        let wanted = self.request.as_ref().map(Globs::new);
        let patterns = self.request.iter().flatten().chain(&self.target);
        let names = Globs::new(patterns).full_names().map(|name| name.to_string()).collect::<Vec<_>>();
        let allowed = |name: &String| target.matches(name) && wanted.as_ref().is_none_or(|globs| globs.matches(name));
        names.into_iter().filter(allowed).collect()
    }

    /// The regions, where all of them are named in full: what can be said of an account that was never entered.
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
    fn a_request_only_narrows_and_what_leads_nowhere_is_told() {
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
            let told: Vec<&str> = chosen.disabled.iter().map(|(pattern, _)| pattern.as_str()).collect();
            assert_eq!(told, disabled, "{target:?} {request:?}");
        }
    }

    #[test]
    fn an_account_that_was_never_entered_is_told_by_name_where_all_are_named() {
        assert_eq!(choice(&["*"], None).named_in_full(), None);
        assert_eq!(choice(&["*"], Some(&["eu-west-1"])).named_in_full(), Some(vec!["eu-west-1".into()]));
        assert_eq!(choice(&["*"], Some(&["eu-west-1", "us-*"])).named_in_full(), None);
        assert_eq!(choice(&["eu-west-1"], None).named_in_full(), Some(vec!["eu-west-1".into()]));
    }
}
