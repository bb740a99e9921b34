//! Everything that is looked for, arranged so that one pass over the rows finds it.
//!
//! **Invariant:** knows no table and no row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::hit::Relation;
use super::names::parents;
use super::ranges::{Span, parse_address, parse_range};
use super::term::{Query, Reading};

/// The number of a term in the list.
pub(super) type TermNumber = u32;

type Numbers = Vec<TermNumber>;

/// All terms.
#[derive(Debug, Default)]
pub(super) struct Index<'t> {
    /// The addresses that are terms.
    pub addresses: HashMap<IpAddr, Numbers>,
    /// The addresses to which names lead that are terms.
    led_addresses: BTreeMap<IpAddr, Numbers>,
    sorted_addresses: Vec<(IpAddr, TermNumber)>,
    ranges: HashMap<IpNet, Numbers>,
    /// The lengths of the prefixes of ranges, of IPv4 and of IPv6.
    lengths: [BTreeSet<u8>; 2],
    sorted_ranges: Vec<(Span, TermNumber)>,
    /// The names that are terms.
    pub names: HashMap<Vec<u8>, Numbers>,
    /// The names to which those lead.
    led_names: HashMap<Vec<u8>, Numbers>,
    pub ids: HashMap<&'t str, Numbers>,
    pub arns: HashMap<&'t str, Numbers>,
    pub tags: HashMap<&'t str, HashMap<&'t str, Numbers>>,
    pub accounts: HashMap<&'t str, Numbers>,
    /// Names of accounts in lower case.
    pub words: HashMap<String, Numbers>,
    /// Whether a name of this length is looked for.
    name_lengths: Vec<bool>,
    /// The texts of few IPv4 addresses, if nothing else of a network is looked for.
    needles: Option<Vec<String>>,
}

impl<'t> Index<'t> {
    /// Arranges terms. Of several with the same text the first one counts.
    pub(super) fn new(terms: &'t [Query]) -> Self {
        let mut index = Self::default();
        let mut seen = BTreeSet::new();
        for (number, term) in terms.iter().enumerate().filter(|(_, term)| seen.insert(&term.query)) {
            let number = TermNumber::try_from(number).unwrap_or(TermNumber::MAX);
            for reading in &term.readings {
                index.add(reading, number);
            }
        }
        index.sorted_addresses.sort_unstable();
        index.sorted_ranges.sort_unstable();
        index
    }

    fn add(&mut self, reading: &'t Reading, number: TermNumber) {
        match reading {
            Reading::Address(address) => {
                self.addresses.entry(*address).or_default().push(number);
                self.sorted_addresses.push((*address, number));
            }
            Reading::Range(range) => {
                self.ranges.entry(*range).or_default().push(number);
                self.lengths[usize::from(range.network().is_ipv6())].insert(range.prefix_len());
                self.sorted_ranges.push((Span::of(*range), number));
            }
            Reading::Id(id, _) => self.ids.entry(id).or_default().push(number),
            Reading::Arn(arn) => self.arns.entry(arn).or_default().push(number),
            Reading::Tag(key, value) => {
                self.tags.entry(key).or_default().entry(value).or_default().push(number);
            }
            Reading::Account(account) => self.accounts.entry(account).or_default().push(number),
            Reading::Name(name) => self.names.entry(name.clone()).or_default().push(number),
            Reading::Word(word) => self.words.entry(word.to_lowercase()).or_default().push(number),
        }
    }

    /// Adds a name to which a term leads.
    pub(super) fn lead_to_name(&mut self, name: Vec<u8>, number: TermNumber) {
        self.led_names.entry(name).or_default().push(number);
    }

    /// Adds an address to which a term leads.
    pub(super) fn lead_to_address(&mut self, address: IpAddr, number: TermNumber) {
        self.led_addresses.entry(address).or_default().push(number);
    }

    /// Prepares the pass, after the last thing to look for was added.
    pub(super) fn finish(&mut self) {
        for name in self.names.keys().chain(self.led_names.keys()) {
            self.name_lengths.resize(self.name_lengths.len().max(name.len() + 1), false);
            self.name_lengths[name.len()] = true;
        }
        let is_plain = self.ranges.is_empty() && self.names.is_empty() && self.led_names.is_empty();
        let addresses: BTreeSet<&IpAddr> = self.addresses.keys().chain(self.led_addresses.keys()).collect();
        let are_few = addresses.len() <= 4 && addresses.iter().all(|address| address.is_ipv4());
        self.needles = (is_plain && are_few).then(|| addresses.iter().map(|address| address.to_string()).collect());
    }

    /// Whether any address, range or name is looked for.
    pub(super) fn has_network(&self) -> bool {
        !(self.addresses.is_empty() && self.led_addresses.is_empty() && self.ranges.is_empty() && !self.has_names())
    }

    /// Whether any name is looked for.
    pub(super) fn has_names(&self) -> bool {
        !(self.names.is_empty() && self.led_names.is_empty())
    }

    /// What an address of a row is to the terms.
    pub(super) fn of_address(&self, address: IpAddr, mut found: impl FnMut(TermNumber, Relation)) {
        let own = self.addresses.get(&address).into_iter().chain(self.led_addresses.get(&address)).flatten();
        own.for_each(|number| found(*number, Relation::Bears));
        self.around(Span { first: address, last: address }, &mut found);
    }

    /// Finds the terms whose ranges contain all of these addresses.
    fn around(&self, span: Span, found: &mut impl FnMut(TermNumber, Relation)) {
        for length in &self.lengths[usize::from(span.first.is_ipv6())] {
            let Ok(range) = IpNet::new(span.first, *length) else { continue };
            let range = range.trunc();
            if let Some(numbers) = self.ranges.get(&range).filter(|_| range.contains(&span.last)) {
                let is_address = span.first == span.last;
                let relation = if Span::of(range) == span && !is_address { Relation::Is } else { Relation::Inside };
                numbers.iter().for_each(|number| found(*number, relation));
            }
        }
    }

    /// What a range of a row is to the terms. The row has all addresses of a delegated range.
    pub(super) fn of_range(&self, span: Span, is_delegated: bool, mut found: impl FnMut(TermNumber, Relation)) {
        self.around_range(span, &mut found);
        if span.is_everything() {
            return;
        }
        let contains = if is_delegated { Relation::Bears } else { Relation::Contains };
        let start = self.sorted_addresses.partition_point(|(address, _)| *address < span.first);
        for (_, number) in self.sorted_addresses[start..].iter().take_while(|(address, _)| *address <= span.last) {
            found(*number, contains);
        }
        if is_delegated {
            let led = self.led_addresses.range(span.first..=span.last);
            led.flat_map(|(_, numbers)| numbers).for_each(|number| found(*number, Relation::Bears));
        }
        let start = self.sorted_ranges.partition_point(|(range, _)| range.first < span.first);
        for (range, number) in self.sorted_ranges[start..].iter().take_while(|(range, _)| range.first <= span.last) {
            if range.last <= span.last && *range != span {
                found(*number, Relation::Contains);
            }
        }
    }

    fn around_range(&self, span: Span, found: &mut impl FnMut(TermNumber, Relation)) {
        // A range of one address can be equal to a term, unlike an address.
        let equal = self.sorted_ranges.partition_point(|(range, _)| *range < span);
        let is_one = span.first == span.last;
        let mut is = BTreeSet::new();
        for (_, number) in self.sorted_ranges[equal..].iter().take_while(|(range, _)| is_one && *range == span) {
            is.insert(*number);
            found(*number, Relation::Is);
        }
        self.around(span, &mut |number, relation| {
            if !is.contains(&number) {
                found(number, relation);
            }
        });
    }

    /// The terms that are this very name.
    pub(super) fn of_own_name(&self, name: &[u8]) -> impl Iterator<Item = &TermNumber> {
        let has_length = self.name_lengths.get(name.len()) == Some(&true);
        let numbers = if has_length { self.names.get(name) } else { None };
        numbers.into_iter().flatten()
    }

    /// The terms that are this name or lead to it. A name that begins with `*` stands for those below it.
    pub(super) fn of_name(&self, name: &[u8], mut found: impl FnMut(TermNumber)) {
        let has_length = self.name_lengths.get(name.len()) == Some(&true);
        if !has_length && !name.starts_with(b"*.") {
            return;
        }
        for all in [&self.names, &self.led_names] {
            all.get(name).into_iter().flatten().for_each(|number| found(*number));
            if let Some(above) = name.strip_prefix(b"*.") {
                let below = all.iter().filter(|(wanted, _)| parents(wanted).any(|parent| parent == above));
                below
                    .filter(|(wanted, _)| *wanted != name)
                    .flat_map(|(_, numbers)| numbers)
                    .for_each(|number| found(*number));
            }
        }
    }

    /// Whether the text of a column, JSON or not, can contain anything that is looked for.
    pub(super) fn can_match(&self, text: &str, has_ranges: bool) -> bool {
        if let Some(needles) = self.needles.as_ref().filter(|_| !has_ranges) {
            let is_mapped = || text.contains("ffff:") || text.contains("FFFF:");
            return needles.iter().any(|needle| text.contains(needle.as_str())) || is_mapped();
        }
        if !text.starts_with(['[', '{']) {
            return true;
        }
        let mut name = Vec::new();
        text.contains('\\') || text.split('"').any(|literal| self.is_wanted(literal, &mut name))
    }

    /// Whether a text in a row is looked for.
    fn is_wanted(&self, text: &str, name: &mut Vec<u8>) -> bool {
        let mut is_found = false;
        if let Some(address) = parse_address(text) {
            self.of_address(address, |_, _| is_found = true);
        } else if let Some(range) = parse_range(text) {
            self.of_range(Span::of(range), true, |_, _| is_found = true);
        } else if self.has_names() && text.contains('.') && super::names::normalise(text, name) {
            self.of_name(name, |_| is_found = true);
        }
        is_found
    }
}
