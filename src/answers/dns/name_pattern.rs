//! The forms of AWS's names, as patterns of labels.
//!
//! ```text
//! {names}.s3-website-{region}.{aws}
//! ```
//!
//! `{aws}` is the domain of AWS's endpoints in any partition, `{region}` the name of a region, alone or after other text.
//! `{id}` is the rest of a label. Each stands for one label; `{names}`, at the start alone, for one or more.
//!
//! **Invariant:** names are in their normal form: lower case, without the last dot.

/// The domains of AWS's endpoints.
const AWS_DOMAINS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];

/// What a pattern found in a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NameParts<'a> {
    /// The labels of `{names}`, or the label with `{id}`.
    pub names: &'a str,
    pub region: Option<&'a str>,
}

/// Whether a text has the form of a region's name, such as `eu-west-1` or `us-gov-east-1`.
pub(super) fn is_region(text: &str) -> bool {
    let mut words = text.split('-').rev();
    let is_number = |word: &str| (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |word: &str| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.next().is_some_and(is_number) && (2..=3).contains(&words.clone().count()) && words.all(is_word)
}

/// The part of a name before the domain of AWS's endpoints.
pub(super) fn before_aws_domain(name: &str) -> Option<&str> {
    AWS_DOMAINS.iter().find_map(|domain| name.strip_suffix(domain))
}

/// Compares a name with a pattern.
pub(super) fn matched<'a>(pattern: &str, name: &'a str) -> Option<NameParts<'a>> {
    let (pattern, name) = match pattern.strip_suffix(".{aws}") {
        Some(pattern) => (pattern, before_aws_domain(name)?),
        None => (pattern, name),
    };
    let mut parts = NameParts::default();
    let mut rest = Some(name);
    for label in pattern.rsplit('.') {
        let name = rest?;
        if label == "{names}" {
            parts.names = name;
            rest = None;
            break;
        }
        let (before, last) = match name.rsplit_once('.') {
            Some((before, last)) => (Some(before), last),
            None => (None, name),
        };
        match label.split_once('{') {
            None if label == last => {}
            Some((start, "region}")) => parts.region = Some(last.strip_prefix(start).filter(|text| is_region(text))?),
            Some((start, "id}")) => parts.names = last.starts_with(start).then_some(last)?,
            _ => return None,
        }
        rest = before;
    }
    rest.is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_compared_from_the_end() {
        let parts = |pattern: &str, name: &'static str| matched(pattern, name).map(|parts| (parts.names, parts.region));
        let bucket = "{names}.s3-website-{region}.{aws}";
        assert_eq!(
            parts(bucket, "www.a.example.s3-website-eu-west-1.amazonaws.com"),
            Some(("www.a.example", Some("eu-west-1")))
        );
        assert_eq!(parts(bucket, "b.s3-website-cn-north-1.amazonaws.com.cn"), Some(("b", Some("cn-north-1"))));
        for other in ["s3-website-eu-west-1.amazonaws.com", "b.s3-website-eu.amazonaws.com", "b.s3-website-eu-west-1.x"]
        {
            assert_eq!(parts(bucket, other), None, "{other}");
        }
        assert_eq!(parts("d{id}.cloudfront.net", "d111.cloudfront.net"), Some(("d111", None)));
        assert_eq!(parts("d{id}.cloudfront.net", "a.d111.cloudfront.net"), None);
        assert_eq!(parts("s3.{region}.{aws}", "s3.eu-west-1.amazonaws.com"), Some(("", Some("eu-west-1"))));
        assert_eq!(parts("{names}.cloudfront.net", "cloudfront.net"), None);
    }

    #[test]
    fn regions_have_two_or_three_words_and_a_number() {
        for region in ["eu-west-1", "us-gov-east-1", "ap-southeast-11", "eusc-de-east-1", "me-central-1"] {
            assert!(is_region(region), "{region}");
        }
        for other in
            ["", "eu", "eu-west", "west-1", "eu-west-1a", "s3-website-eu-west-1", "EU-west-1", "eu--1", "eu-west-123"]
        {
            assert!(!is_region(other), "{other}");
        }
    }
}
