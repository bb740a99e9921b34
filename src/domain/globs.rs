//! Globs of regions and resource types: which texts are globs at all, and what a list of them matches.
//! Which regions and types there are is not known here.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::input::{ParseError, quoted};

/// The most characters of one glob.
const GLOB_CHARACTERS: usize = 128;

/// A list of globs, any of which may match.
#[derive(Clone, Debug)]
pub(crate) struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// The globs of a list that was read already. A text that is no glob matches nothing here: what
    /// reading would refuse must never widen what is asked.
    pub(crate) fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Self {
        let patterns: Vec<String> = patterns.into_iter().map(|pattern| pattern.as_ref().to_owned()).collect();
        let mut builder = GlobSetBuilder::new();
        for glob in patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()) {
            builder.add(glob);
        }
        Self { patterns, set: builder.build().unwrap_or_else(|_| GlobSet::empty()) }
    }

    /// Whether any of the globs matches the whole name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// The globs as they were written.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(String::as_str)
    }

    /// Those that are names given in full, without anything that matches more than itself.
    pub(crate) fn full_names(&self) -> impl Iterator<Item = &str> {
        self.patterns().filter(|pattern| !pattern.contains(['*', '?', '[', ']', '{', '}', '\\']))
    }
}

/// Reads a glob of regions: the letters of region names, `*` and `?`.
pub(crate) fn region_glob(text: &str) -> Result<String, ParseError> {
    let possible = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'*' | b'?' | b'-');
    if text.is_empty() || text.len() > GLOB_CHARACTERS || !text.bytes().all(possible) {
        let what =
            "could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1";
        return Err(ParseError(format!("{} {what}", quoted(text))));
    }
    Ok(text.to_owned())
}

/// Reads a glob of resource types: `ec2_*`, `route53_records`, `ec2_{vpcs,subnets}`.
pub(crate) fn resource_glob(text: &str) -> Result<String, ParseError> {
    let malformed = |why: &str| {
        ParseError(format!("{} is not a glob ({why}): write one as ec2_* or route53_records", quoted(text)))
    };
    if text.is_empty() {
        return Err(malformed("it is empty"));
    }
    if text.len() > GLOB_CHARACTERS {
        return Err(malformed("it is too long"));
    }
    // The whole error repeats the glob, uncut; its kind says only what is wrong.
    Glob::new(text).map_err(|error| malformed(&error.kind().to_string().replace('\n', " ")))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn any_of_the_globs_matches_the_whole_name() {
        let globs = Globs::new(["eu-*", "us-east-?", "ap-south-1"]);
        for name in ["eu-west-1", "eu-", "us-east-2", "ap-south-1"] {
            assert!(globs.matches(name), "{name}");
        }
        for name in ["", "me-eu-west-1", "us-east-10", "ap-south-10", "EU-west-1"] {
            assert!(!globs.matches(name), "{name}");
        }
        assert_eq!(globs.full_names().collect::<Vec<_>>(), ["ap-south-1"]);
        assert_eq!(globs.patterns().count(), 3);
        let resources = Globs::new(["ec2_{vpcs,subnets}", "i[ab]m", "route53_records"]);
        assert!(resources.matches("ec2_subnets") && !resources.matches("ec2_subnet"));
        assert_eq!(resources.full_names().collect::<Vec<_>>(), ["route53_records"]);
    }

    #[test]
    fn nothing_and_what_is_no_glob_match_nothing() {
        assert!(!Globs::new([""; 0]).matches("eu-west-1"));
        assert!(!Globs::new(["eu-[", "{a"]).matches("eu-["));
    }

    #[test]
    fn region_globs_use_the_letters_of_regions() {
        for right in ["*", "eu-*", "us-gov-west-1", "??-*-1"] {
            assert_eq!(region_glob(right).as_deref(), Ok(right));
        }
        for wrong in ["", "EU-*", "eu-[wc]*", "{eu,us}-*", "eu_west_1", "eu west", "!eu-*", &"e".repeat(129)] {
            assert!(region_glob(wrong).is_err(), "{wrong}");
        }
        insta::assert_snapshot!(region_glob("EU-*").unwrap_err(), @"`EU-*` could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1");
    }

    #[test]
    fn resource_globs_are_globs() {
        for right in ["*", "ec2_*", "ec2_{vpcs,subnets}", "route53_[hr]*", "accounts"] {
            assert_eq!(resource_glob(right).as_deref(), Ok(right));
        }
        let messages = ["", "ec2_[", "ec2_{vpcs", &"e".repeat(129)].map(|wrong| resource_glob(wrong).unwrap_err().0);
        insta::assert_snapshot!(messages.join("\n"), @r"
        `` is not a glob (it is empty): write one as ec2_* or route53_records
        `ec2_[` is not a glob (unclosed character class; missing ']'): write one as ec2_* or route53_records
        `ec2_{vpcs` is not a glob (unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)): write one as ec2_* or route53_records
        `eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee...` is not a glob (it is too long): write one as ec2_* or route53_records
        ");
    }

    proptest! {
        #[test]
        fn any_texts_make_globs(patterns in proptest::collection::vec(r"[a-z*?\[\]{},!\\/-]{0,12}", 0..4), name in "[a-z0-9_-]{0,8}") {
            let refused = patterns.iter().all(|pattern| resource_glob(pattern).is_err());
            let matched = Globs::new(&patterns).matches(&name);
            prop_assert!(!(refused && matched && !name.is_empty()));
        }
    }
}
