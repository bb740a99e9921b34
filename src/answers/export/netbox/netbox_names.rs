//! Names, slugs and descriptions as NetBox takes them, and what a description says of the resource.
//!
//! **Invariant:** a description that rolecall wrote can be read again. One that somebody changed says nothing.

/// The name and the slug of the tag of what rolecall makes.
pub(super) const TAG: &str = "rolecall";
/// The most characters of a name or a slug.
pub(super) const NAME_LENGTH: usize = 100;

/// A text of at most so many characters, without blanks around it. NetBox drops these, so that they would differ in every run.
pub(super) fn cut(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
    text.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}

/// A slug: letters, digits, hyphens and underscores, at most 100.
pub(super) fn slug(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let plain = |letter: char| if is_plain(letter) { letter.to_ascii_lowercase() } else { '-' };
    let slug: String = text.chars().take(NAME_LENGTH).map(plain).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "unnamed".to_owned() } else { slug.to_owned() }
}

/// A DNS name as NetBox takes it. The empty text if it takes none.
pub(super) fn dns_name(text: &str) -> String {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_plain);
    if name.len() <= 255 && name.split('.').all(is_label) { name } else { String::new() }
}

/// What a description says: which resource it is, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourcePlace {
    pub id: String,
    pub account_id: String,
    pub region: String,
}

/// A description: the resource and its place, and more. NetBox takes 200 characters.
pub(super) fn description(id: &str, account_id: &str, region: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    cut(&format!("{id} of {account_id} in {region}{more}"), 200)
}

/// Reads a description.
pub(super) fn resource_place(description: &str) -> Option<ResourcePlace> {
    let place = description.split(", ").next()?;
    let mut words = place.split(' ');
    let found = match [words.next()?, words.next()?, words.next()?, words.next()?, words.next()?] {
        [id, "of", account_id, "in", region] => {
            ResourcePlace { id: id.to_owned(), account_id: account_id.to_owned(), region: region.to_owned() }
        }
        _ => return None,
    };
    let is_account = found.account_id.len() == 12 && found.account_id.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && words.next().is_none()).then_some(found)
}

/// The table that has a resource, by the beginning of its id.
pub(super) fn table_of(id: &str) -> Option<&'static str> {
    let tables = [
        ("vpc-", "ec2_vpcs"),
        ("subnet-", "ec2_subnets"),
        ("i-", "ec2_instances"),
        ("eni-", "ec2_network_interfaces"),
        ("eipalloc-", "ec2_addresses"),
    ];
    tables.iter().find(|(begin, _)| id.starts_with(begin)).map(|(_, table)| *table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_as_it_was_written() {
        let written = description("subnet-0a", "111122223333", "eu-central-1", "12 of 251 addresses used");
        assert_eq!(written, "subnet-0a of 111122223333 in eu-central-1, 12 of 251 addresses used");
        let place = resource_place(&written).unwrap();
        assert_eq!((place.id.as_str(), place.region.as_str()), ("subnet-0a", "eu-central-1"));
        assert!(resource_place(&description("vpc-1", "111122223333", "eu-west-1", "")).is_some());
        for changed in ["", "ours", "vpc-1 of acme in eu-west-1", "vpc-1 of 111122223333 in eu-west-1 do not delete"] {
            assert_eq!(resource_place(changed), None, "{changed}");
        }
    }

    #[test]
    fn names_are_those_that_netbox_takes() {
        assert_eq!(
            (slug("Acme & Söhne"), slug("--"), slug("")),
            ("acme---s-hne".into(), "unnamed".into(), "unnamed".into())
        );
        for (text, expected) in
            [("WWW.example.com.", "www.example.com"), ("a b", ""), ("a..b", ""), ("", ""), ("_x.y", "_x.y")]
        {
            assert_eq!(dns_name(text), expected, "{text}");
        }
        assert_eq!(cut("a\nbc", 2), "ab");
        assert_eq!((cut(" a b ", 3), cut("a b", 2), cut("\u{a0} ", 9)), ("a b".into(), "a".into(), String::new()));
    }
}
