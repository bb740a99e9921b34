//! Parses and matches globs of regions and resource types.
//!
//! **Invariant:** does not know which regions and resource types exist.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::input::{ParseError, quoted};

/// The maximum length of one glob in characters.
pub(crate) const MAX_GLOB_CHARACTERS: usize = 128;

/// The maximum number of globs in one list. There are fewer than 100 regions, and fewer than 100 resource types.
pub(crate) const MAX_GLOBS: usize = 1000;

/// Globs that are compiled together. The size of a compiled set is limited, so a long list makes several sets.
const GLOBS_PER_SET: usize = 50;

/// The pattern of a glob of regions in JSON Schemas.
pub(crate) const REGION_GLOB_PATTERN: &str = "^[a-z0-9*?-]+$";

/// A list of globs. A name matches the list if it matches any of them.
#[derive(Clone, Debug)]
pub(crate) struct Globs {
    patterns: Vec<String>,
    /// Each has [`GLOBS_PER_SET`] of the patterns, in their order.
    sets: Vec<GlobSet>,
}

impl Globs {
    /// Compiles the list. A glob that cannot be compiled is an error: a list without it would match less, without
    /// a trace.
    pub(crate) fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, ParseError> {
        let patterns: Vec<String> = patterns.into_iter().map(|pattern| pattern.as_ref().to_owned()).collect();
        if patterns.len() > MAX_GLOBS {
            let what = format!("has {} globs, and at most {MAX_GLOBS} are possible: write fewer", patterns.len());
            return Err(ParseError(what));
        }
        let sets = patterns.chunks(GLOBS_PER_SET).map(compile).collect::<Result<_, _>>()?;
        Ok(Self { patterns, sets })
    }

    /// Returns whether any of the globs matches the whole name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.sets.iter().any(|set| set.is_match(name))
    }

    /// Returns the globs that match none of the names.
    pub(crate) fn unmatched<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<&str> {
        let mut matched = vec![false; self.patterns.len()];
        for name in names {
            for (number, set) in self.sets.iter().enumerate() {
                set.matches(name).into_iter().for_each(|at| matched[number * GLOBS_PER_SET + at] = true);
            }
        }
        self.patterns().zip(matched).filter(|(_, matched)| !matched).map(|(pattern, _)| pattern).collect()
    }

    /// Returns the globs as they were written.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(String::as_str)
    }

    /// Returns the globs that are full names.
    pub(crate) fn full_names(&self) -> impl Iterator<Item = &str> {
        self.patterns().filter(|pattern| is_full_name(pattern))
    }

    /// Returns whether every glob is a full name.
    pub(crate) fn are_full_names(&self) -> bool {
        self.patterns().all(is_full_name)
    }
}

/// Returns whether a glob is a full name: it has no wildcard and matches only itself.
pub(crate) fn is_full_name(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

fn compile(patterns: &[String]) -> Result<GlobSet, ParseError> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern);
        builder.add(glob.map_err(|error| ParseError(format!("{} is not a glob: {}", quoted(pattern), flat(&error))))?);
    }
    builder.build().map_err(|error| ParseError(format!("its globs cannot be compiled: {}", flat(&error))))
}

/// The kind of an error without line breaks. Its full text would repeat the glob without cutting it.
fn flat(error: &globset::Error) -> String {
    error.kind().to_string().replace('\n', " ")
}

/// Parses a glob of regions. It may have the characters of region names, `*` and `?`.
pub(crate) fn region_glob(text: &str) -> Result<String, ParseError> {
    let possible = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'*' | b'?' | b'-');
    if text.len() > MAX_GLOB_CHARACTERS {
        return Err(ParseError(format!("{} is longer than {MAX_GLOB_CHARACTERS} characters", quoted(text))));
    }
    if text.is_empty() || !text.bytes().all(possible) {
        let what =
            "could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1";
        return Err(ParseError(format!("{} {what}", quoted(text))));
    }
    Ok(text.to_owned())
}

/// Parses a glob of resource types: `ec2_*`, `route53_records`, `ec2_{vpcs,subnets}`.
pub(crate) fn resource_glob(text: &str) -> Result<String, ParseError> {
    let malformed = |why: &str| {
        ParseError(format!("{} is not a glob ({why}): write one as ec2_* or route53_records", quoted(text)))
    };
    if text.is_empty() {
        return Err(malformed("it is empty"));
    }
    if text.len() > MAX_GLOB_CHARACTERS {
        return Err(malformed(&format!("it is longer than {MAX_GLOB_CHARACTERS} characters")));
    }
    Glob::new(text).map_err(|error| malformed(&flat(&error)))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn any_of_the_globs_matches_the_whole_name() {
        let globs = Globs::new(["eu-*", "us-east-?", "ap-south-1"]).unwrap();
        for name in ["eu-west-1", "eu-", "us-east-2", "ap-south-1"] {
            assert!(globs.matches(name), "{name}");
        }
        for name in ["", "me-eu-west-1", "us-east-10", "ap-south-10", "EU-west-1"] {
            assert!(!globs.matches(name), "{name}");
        }
        assert_eq!(globs.full_names().collect::<Vec<_>>(), ["ap-south-1"]);
        assert_eq!(globs.patterns().count(), 3);
        let resources = Globs::new(["ec2_{vpcs,subnets}", "i[ab]m", "route53_records"]).unwrap();
        assert!(resources.matches("ec2_subnets") && !resources.matches("ec2_subnet"));
        assert_eq!(resources.full_names().collect::<Vec<_>>(), ["route53_records"]);
    }

    #[test]
    fn a_list_that_cannot_be_compiled_is_an_error() {
        assert!(!Globs::new([""; 0]).unwrap().matches("eu-west-1"));
        insta::assert_snapshot!(Globs::new(["eu-*", "{a"]).unwrap_err(), @"`{a` is not a glob: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)");
        insta::assert_snapshot!(Globs::new(vec!["*"; 5000]).unwrap_err(), @"has 5000 globs, and at most 1000 are possible: write fewer");
    }

    #[test]
    fn the_longest_lists_of_the_longest_globs_match() {
        let filled = |part: &str| part.repeat(MAX_GLOB_CHARACTERS / part.len());
        for part in ["?", "*?", "[^a]", "{a,?b*}", "[!a-y]?*", "{a,{b,{c,*}}}"] {
            let mut patterns: Vec<String> =
                (0..MAX_GLOBS - 1).map(|number| format!("{number}{}", filled(part))).collect();
            patterns.iter_mut().for_each(|pattern| pattern.truncate(MAX_GLOB_CHARACTERS));
            patterns.retain(|pattern| resource_glob(pattern).is_ok());
            patterns.push("ec2_*".to_owned());
            let globs = Globs::new(&patterns).unwrap();
            assert!(globs.matches("ec2_vpcs") && !globs.matches("iam"), "{part}");
            assert_eq!(globs.unmatched(["ec2_vpcs"]).len(), patterns.len() - 1, "{part}");
        }
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
        `eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee...` is not a glob (it is longer than 128 characters): write one as ec2_* or route53_records
        ");
    }

    proptest! {
        #[test]
        fn any_texts_make_globs(patterns in proptest::collection::vec(r"[a-z*?\[\]{},!\\/-]{0,12}", 0..4), name in "[a-z0-9_-]{0,8}") {
            let valid: Vec<&String> = patterns.iter().filter(|pattern| resource_glob(pattern).is_ok()).collect();
            let globs = Globs::new(&valid).unwrap();
            let alone = |pattern: &&String| Globs::new([pattern]).unwrap().matches(&name);
            prop_assert_eq!(globs.matches(&name), valid.iter().copied().any(|pattern| alone(&pattern)));
            let unmatched: Vec<&str> =
                valid.iter().copied().filter(|pattern| !alone(pattern)).map(String::as_str).collect();
            prop_assert_eq!(globs.unmatched([name.as_str()]), unmatched);
        }
    }
}
