//! The table of all actions with their access levels, and which of them a policy's patterns match.
//!
//! The table stays as it is compiled in: one line for each service and level. The names of a service are indexed when a policy
//! first asks about that service.
//!
//! **Invariant:** knows neither policies nor what an access level means for a role.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use super::action_set::ActionSet;
use super::glob::matches_any_case;

const TEXT: &str = include_str!("access_levels.txt");

/// The services by which people recognize what a role may do.
const BEST_KNOWN: [&str; 8] = ["iam", "sts", "secretsmanager", "ssm", "s3", "kms", "lambda", "ec2"];

static TABLE: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::read(TEXT));

/// What AWS says that an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AccessLevel {
    List,
    Read,
    Write,
    Permissions,
    Tagging,
}

impl AccessLevel {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "List" => Self::List,
            "Read" => Self::Read,
            "Write" => Self::Write,
            "Permissions" => Self::Permissions,
            "Tagging" => Self::Tagging,
            _ => return None,
        })
    }
}

/// All actions of AWS, sorted by service, level and name. An action's place in that order stands for it.
#[derive(Debug)]
pub(crate) struct ActionTable {
    services: Vec<ServiceActions>,
    length: usize,
}

#[derive(Debug)]
struct ServiceActions {
    prefix: &'static str,
    lines: Vec<LevelLine>,
    /// The names with their places, sorted as if in lower case.
    by_name: OnceLock<Vec<(&'static str, usize)>>,
}

/// The actions of a service that have the same level.
#[derive(Debug)]
struct LevelLine {
    level: AccessLevel,
    names: &'static str,
    places: Range<usize>,
}

impl ActionTable {
    pub(crate) fn get() -> &'static Self {
        &TABLE
    }

    fn read(text: &'static str) -> Self {
        let mut table = Self { services: Vec::new(), length: 0 };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            // A test holds the form of every line.
            let mut parts = line.splitn(3, ' ');
            let (Some(prefix), Some(level), Some(names)) =
                (parts.next(), parts.next().and_then(AccessLevel::named), parts.next())
            else {
                continue;
            };
            let first = table.length;
            table.length += 1 + names.bytes().filter(|byte| *byte == b' ').count();
            if table.services.last().is_none_or(|service| service.prefix != prefix) {
                table.services.push(ServiceActions { prefix, lines: Vec::new(), by_name: OnceLock::new() });
            }
            if let Some(service) = table.services.last_mut() {
                service.lines.push(LevelLine { level, names, places: first..table.length });
            }
        }
        table
    }

    /// The day on which the table was renewed, as `2026-09-26`.
    pub(crate) fn date() -> &'static str {
        TEXT.lines().find_map(|line| line.strip_prefix("# date: ")).unwrap_or_default()
    }

    pub(super) fn none(&self) -> ActionSet {
        ActionSet::none_of(self.length)
    }

    /// The actions of one level.
    pub(super) fn of_level(&self, level: AccessLevel) -> ActionSet {
        let mut set = self.none();
        for line in self.lines().filter(|line| line.level == level) {
            set.insert_range(line.places.clone());
        }
        set
    }

    fn lines(&self) -> impl Iterator<Item = &LevelLine> {
        self.services.iter().flat_map(|service| &service.lines)
    }

    /// The name of an action: `ec2:DescribeVpcs`.
    pub(super) fn name(&self, place: usize) -> String {
        let named = self.services.iter().find_map(|service| {
            let line = service.lines.iter().find(|line| line.places.contains(&place))?;
            let name = line.names.split(' ').nth(place - line.places.start)?;
            Some(format!("{}:{name}", service.prefix))
        });
        named.unwrap_or_default()
    }

    /// The names of some actions of a set, those of the best-known services first.
    pub(super) fn best_known(&self, set: &ActionSet, count: usize) -> Vec<String> {
        let well_known = BEST_KNOWN.iter().filter_map(|prefix| self.service(prefix));
        let others = self.services.iter().filter(|service| !BEST_KNOWN.contains(&service.prefix));
        let places =
            well_known.chain(others).flat_map(|service| service.lines.iter().flat_map(|line| line.places.clone()));
        places.filter(|place| set.contains(*place)).take(count).map(|place| self.name(place)).collect()
    }

    /// The place of an action, whose name may be in any case.
    pub(super) fn place(&self, action: &str) -> Option<usize> {
        let (prefix, name) = action.split_once(':')?;
        let service = self.service(&prefix.to_ascii_lowercase())?;
        let (known, place) = service.starting_with(name).next()?;
        (known.len() == name.len()).then_some(place)
    }

    fn service(&self, prefix: &str) -> Option<&ServiceActions> {
        let at = self.services.binary_search_by(|service| service.prefix.cmp(prefix)).ok()?;
        self.services.get(at)
    }

    /// Adds the actions that a pattern matches. Returns whether there are any.
    pub(super) fn add_matching(&self, pattern: &str, set: &mut ActionSet) -> bool {
        let pattern = pattern.to_ascii_lowercase();
        if is_everything(&pattern) {
            set.insert_range(0..self.length);
            return true;
        }
        let Some((prefix, name)) = pattern.split_once(':') else { return false };
        if prefix.contains(['*', '?']) {
            let mut any = false;
            for service in &self.services {
                if matches_any_case(prefix.as_bytes(), service.prefix.as_bytes()) {
                    any |= service.add_matching(name, set);
                }
            }
            return any;
        }
        self.service(prefix).is_some_and(|service| service.add_matching(name, set))
    }
}

impl ServiceActions {
    fn add_matching(&self, pattern: &str, set: &mut ActionSet) -> bool {
        if is_everything(pattern) {
            self.lines.iter().for_each(|line| set.insert_range(line.places.clone()));
            return true;
        }
        let literal = pattern.split(['*', '?']).next().unwrap_or_default();
        let mut any = false;
        for (name, place) in self.starting_with(literal) {
            if matches_any_case(pattern.as_bytes(), name.as_bytes()) {
                set.insert(place);
                any = true;
            }
        }
        any
    }

    /// The actions whose names begin with a text in any case, the shortest of equal beginnings first.
    fn starting_with(&self, start: &str) -> impl Iterator<Item = (&'static str, usize)> {
        let names = self.by_name.get_or_init(|| {
            let mut names: Vec<(&str, usize)> =
                self.lines.iter().flat_map(|line| line.names.split(' ').zip(line.places.clone())).collect();
            names.sort_by(|(one, _), (other, _)| lower(one).cmp(lower(other)));
            names
        });
        let first = names.partition_point(|(name, _)| lower(name).lt(lower(start)));
        let begins = move |name: &str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
        names[first..].iter().copied().take_while(move |(name, _)| begins(name))
    }
}

fn lower(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_form_that_is_read() {
        let header: Vec<&str> = TEXT.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(header.iter().any(|line| line.starts_with("# source: ")), "{header:?}");
        ActionTable::date().parse::<jiff::civil::Date>().unwrap();
        let mut previous: Option<(&str, AccessLevel)> = None;
        let mut seen = std::collections::BTreeSet::new();
        for line in TEXT.lines().skip(header.len()) {
            let parts: Vec<&str> = line.split(' ').collect();
            let [prefix, level, names @ ..] = &parts[..] else { panic!("{line}") };
            let level = AccessLevel::named(level).unwrap_or_else(|| panic!("{level} is no level"));
            assert!(previous < Some((*prefix, level)), "{prefix} {level:?} is not sorted");
            previous = Some((prefix, level));
            let is_prefix = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(!prefix.is_empty() && prefix.bytes().all(is_prefix), "{prefix}");
            assert!(!names.is_empty() && names.is_sorted(), "{prefix} {level:?}");
            for name in names {
                assert!(
                    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
                    "{prefix}:{name}"
                );
                assert!(seen.insert(format!("{prefix}:{}", name.to_ascii_lowercase())), "{prefix}:{name} twice");
            }
        }
        let table = ActionTable::get();
        assert_eq!(table.length, seen.len());
        assert!(table.services.len() > 400 && table.length > 20_000, "{} {}", table.services.len(), table.length);
        for level in
            [AccessLevel::List, AccessLevel::Read, AccessLevel::Write, AccessLevel::Permissions, AccessLevel::Tagging]
        {
            assert!(table.of_level(level).count() > 100, "{level:?}");
        }
    }

    #[test]
    fn an_action_is_found_by_its_name_in_any_case() {
        let table = ActionTable::get();
        let place = table.place("EC2:describevpcs").unwrap();
        assert_eq!(table.name(place), "ec2:DescribeVpcs");
        for unknown in ["ec2:Describe", "ec2", "", ":", "nowhere:GetIt", "ec2:DescribeVpcs "] {
            assert_eq!(table.place(unknown), None, "{unknown}");
        }
        assert_eq!(table.name(usize::MAX), "");
    }

    #[test]
    fn patterns_match_what_they_match_by_name() {
        let table = ActionTable::get();
        let names = || (0..table.length).map(|place| (place, table.name(place)));
        let by_name: Vec<(usize, String)> = names().step_by(7).collect();
        for pattern in [
            "*",
            "**",
            "ec2:*",
            "EC2:D*",
            "s3:*Object",
            "*:Get*",
            "e?2:DescribeVpc?",
            "iam:PassRole",
            "ec2:",
            "ec2",
            "*Role",
            "",
        ] {
            let mut set = table.none();
            let any = table.add_matching(pattern, &mut set);
            assert_eq!(any, !set.is_empty(), "{pattern}");
            let lower = pattern.to_ascii_lowercase();
            for (place, name) in &by_name {
                // IAM knows no pattern without a service, save `*`.
                let fits = matches_any_case(lower.as_bytes(), name.as_bytes())
                    && (lower.contains(':') || is_everything(&lower));
                assert_eq!(set.contains(*place), fits, "{pattern} {name}");
            }
        }
    }
}
