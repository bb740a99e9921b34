//! Everything that is looked for, arranged so that one pass over the rows finds it.
//!
//! **Invariant:** knows no table and no row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::hit::Relation;
use super::names::{normalise, parents};
use super::needles;
use super::ranges::{Span, parse_address, parse_range};
use super::term::{Query, Reading};
use crate::output::rows::Needles;

/// The number of a term in the list.
pub(super) type TermNumber = u32;

type Numbers = Vec<TermNumber>;

/// All terms.
#[derive(Debug, Default)]
pub(super) struct Index {
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
    pub ids: HashMap<String, Numbers>,
    pub arns: HashMap<String, Numbers>,
    pub tags: HashMap<String, HashMap<String, Numbers>>,
    pub accounts: HashMap<String, Numbers>,
    /// Names of accounts in lower case.
    pub words: HashMap<String, Numbers>,
    /// Whether a name of this length is looked for.
    name_lengths: Vec<bool>,
    /// Of these every text with an address or a name that is looked for has one. `None` if they are many, or not known.
    needles: Option<Needles>,
    /// Finds what is looked for without any shortcut.
    #[cfg(test)]
    pub is_exhaustive: bool,
}

impl Index {
    /// Arranges terms. Of several with the same text the first one counts.
    pub(super) fn new(terms: &[Query]) -> Self {
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

    fn add(&mut self, reading: &Reading, number: TermNumber) {
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
            Reading::Id(id, _) => self.ids.entry(id.clone()).or_default().push(number),
            Reading::Arn(arn) => self.arns.entry(arn.clone()).or_default().push(number),
            Reading::Tag(key, value) => {
                self.tags.entry(key.clone()).or_default().entry(value.clone()).or_default().push(number);
            }
            Reading::Account(account) => self.accounts.entry(account.clone()).or_default().push(number),
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
        let addresses: BTreeSet<&IpAddr> = self.addresses.keys().chain(self.led_addresses.keys()).collect();
        let names = self.names.keys().chain(self.led_names.keys()).map(Vec::as_slice);
        self.needles = needles::of(addresses, self.ranges.keys(), names);
    }

    /// Whether any address, range or name is looked for.
    pub(super) fn has_network(&self) -> bool {
        self.has_spans() || self.has_names()
    }

    /// Whether any address or range is looked for.
    pub(super) fn has_spans(&self) -> bool {
        !(self.addresses.is_empty() && self.led_addresses.is_empty() && self.ranges.is_empty())
    }

    /// Whether any name is looked for.
    pub(super) fn has_names(&self) -> bool {
        !(self.names.is_empty() && self.led_names.is_empty())
    }

    /// What every text with an address or a name that is looked for has, if that is known.
    pub(super) fn needles(&self) -> Option<&Needles> {
        self.needles.as_ref()
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

    /// Whether the text of a column, JSON or not, may have an address or a name that is looked for, or a range.
    pub(super) fn can_match(&self, text: &str, has_ranges: bool) -> bool {
        #[cfg(test)]
        if self.is_exhaustive {
            return true;
        }
        self.may_have_value(text) || has_ranges && self.may_have_range(text)
    }

    /// Whether the values of a record may have an address or a name that is looked for.
    pub(super) fn can_match_words(&self, text: &str) -> bool {
        #[cfg(test)]
        if self.is_exhaustive {
            return true;
        }
        self.may_have_word(text)
    }

    /// Whether a text may have an address or a name that is looked for.
    pub(super) fn may_have_value(&self, text: &str) -> bool {
        if !self.may_have_needle(text) {
            return false;
        }
        let mut name = Vec::new();
        if !text.starts_with(['[', '{']) {
            return self.is_wanted(text.trim(), &mut name);
        }
        has_escapes(text) || text.split('"').any(|literal| self.is_wanted(literal.trim(), &mut name))
    }

    /// Whether a text of words may have an address or a name that is looked for. Values of records are such texts.
    pub(super) fn may_have_word(&self, text: &str) -> bool {
        if !self.may_have_needle(text) {
            return false;
        }
        let mut name = Vec::new();
        let mut is_wanted = |word: &str| {
            self.is_wanted(word, &mut name) || word.split(['=', ',']).any(|part| self.is_wanted(part, &mut name))
        };
        let mut words = text.split('"').flat_map(str::split_whitespace);
        has_escapes(text) || words.any(|word| is_wanted(word.trim_end_matches('\\')))
    }

    fn may_have_needle(&self, text: &str) -> bool {
        self.needles.as_ref().is_none_or(|needles| needles.are_in(text.as_bytes(), &mut Vec::new()))
    }

    /// Whether a text may have a range that contains or overlaps what is looked for.
    pub(super) fn may_have_range(&self, text: &str) -> bool {
        let is_of_range = |letter: char| letter.is_ascii_hexdigit() || matches!(letter, '.' | ':');
        let mut slashes = text.match_indices('/').map(|(at, _)| at);
        let mut is_found = false;
        slashes.any(|at| {
            let start = text[..at].trim_end_matches(is_of_range).len();
            let end = text.len() - text[at + 1..].trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
            if let Some(range) = parse_range(&text[start..end]) {
                self.of_range(Span::of(range), true, |_, _| is_found = true);
            }
            is_found
        }) || has_escapes(text)
    }

    /// Whether addresses from a first to a last one have any in common with what is looked for.
    pub(super) fn overlaps(&self, span: Span) -> bool {
        let start = self.sorted_addresses.partition_point(|(address, _)| *address < span.first);
        self.sorted_addresses.get(start).is_some_and(|(address, _)| *address <= span.last)
            || self.led_addresses.range(span.first..=span.last).next().is_some()
            || self.sorted_ranges.iter().any(|(range, _)| range.first <= span.last && span.first <= range.last)
    }

    /// Whether a text in a row is looked for.
    fn is_wanted(&self, text: &str, name: &mut Vec<u8>) -> bool {
        let mut is_found = false;
        if let Some(address) = parse_address(text) {
            self.of_address(address, |_, _| is_found = true);
        } else if self.has_names() && self.may_have_length(text) && normalise(text, name) {
            self.of_name(name, |_| is_found = true);
        }
        is_found
    }

    /// Whether a text can be a name of a length that is looked for.
    fn may_have_length(&self, text: &str) -> bool {
        let has = |length: usize| self.name_lengths.get(length) == Some(&true);
        let length = text.len();
        has(length) || length > 0 && has(length - 1) || text.starts_with("*.") || text.contains('\\')
    }
}

/// Whether JSON has an escape that hides a letter of a name: one that is not just the quote of a text.
fn has_escapes(text: &str) -> bool {
    let mut letters = text.bytes();
    while let Some(letter) = letters.next() {
        if letter == b'\\' && letters.next() != Some(b'"') {
            return true;
        }
    }
    false
}
