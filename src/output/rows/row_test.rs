//! Conditions on rows: a row is read if one of its columns passes the test of that column.
//!
//! A test is cheap on many texts at once: its needles are sought in the bytes of a whole page, and a page that has none of
//! them is not decoded.
//!
//! **Invariant:** knows no table, and nothing of what is looked for.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use memchr::memmem::Finder;

/// More needles than these cost more than they save.
pub(crate) const MOST_NEEDLES: usize = 16;

/// What the text of a column has to be.
pub(crate) trait TextTest: Debug + Send + Sync {
    /// Of these every text that passes has at least one. `None` if there are too many, or none is known.
    fn needles(&self) -> Option<&Needles>;

    /// Whether a text passes.
    fn passes(&self, text: &str) -> bool;
}

/// What the value of a column has to be.
#[derive(Clone, Debug)]
pub(crate) enum ColumnTest {
    /// A column of text or of JSON.
    Text(Arc<dyn TextTest>),
    /// A map: it has one of these pairs.
    Pair(Arc<PairTest>),
}

/// A row passes if one of its columns does.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowTest {
    pub(super) columns: Vec<(&'static str, ColumnTest)>,
    pub(super) is_everything: bool,
}

impl RowTest {
    /// A test that every row passes.
    pub(crate) fn everything() -> Self {
        Self { is_everything: true, ..Self::default() }
    }

    /// Adds the rows whose column passes a test.
    pub(crate) fn or_text(mut self, column: &'static str, test: impl TextTest + 'static) -> Self {
        self.columns.push((column, ColumnTest::Text(Arc::new(test))));
        self
    }

    /// Adds the rows whose map has one of these pairs.
    pub(crate) fn or_pair(mut self, column: &'static str, test: Arc<PairTest>) -> Self {
        self.columns.push((column, ColumnTest::Pair(test)));
        self
    }

    /// Adds the rows that pass another test.
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.columns.extend(other.columns);
        self.is_everything |= other.is_everything;
        self
    }

    /// Whether no row passes.
    pub(crate) fn is_nothing(&self) -> bool {
        self.columns.is_empty() && !self.is_everything
    }

    /// Whether a row passes whose columns have these texts. Maps are JSON objects.
    #[cfg(test)]
    pub(crate) fn passes<'a>(&self, text: impl Fn(&str) -> Option<&'a str>) -> bool {
        let of_column = |(column, test): &(&'static str, ColumnTest)| {
            text(column).is_some_and(|text| match test {
                ColumnTest::Text(test) => {
                    // A text that passes without a needle would be lost in a page.
                    let passes = test.passes(text);
                    let is_in = |needles: &Needles| needles.are_in(text.as_bytes(), &mut Vec::new());
                    assert!(!passes || test.needles().is_none_or(is_in), "{column}: {text} has no needle of {test:?}");
                    passes
                }
                ColumnTest::Pair(test) => test.passes_json(text),
            })
        };
        self.is_everything || self.columns.iter().any(of_column)
    }
}

/// Texts that are sought in many bytes at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needles {
    exact: Vec<Finder<'static>>,
    /// Those whose ASCII letters may have any case, in lower case.
    folded: Vec<Finder<'static>>,
}

impl Needles {
    /// Texts as they are.
    pub(crate) fn exact<T: AsRef<[u8]>>(needles: impl IntoIterator<Item = T>) -> Self {
        Self { exact: finders(needles), folded: Vec::new() }
    }

    /// Adds texts whose letters may have any case.
    pub(crate) fn or_folded<T: AsRef<[u8]>>(mut self, needles: impl IntoIterator<Item = T>) -> Self {
        self.folded.extend(finders(needles.into_iter().map(|needle| needle.as_ref().to_ascii_lowercase())));
        self
    }

    /// Adds those of another list.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        self.exact.extend(other.exact.iter().cloned());
        self.folded.extend(other.folded.iter().cloned());
        self
    }

    /// Whether one of them is in these bytes.
    pub(crate) fn are_in(&self, bytes: &[u8], lowered: &mut Vec<u8>) -> bool {
        if self.exact.iter().any(|finder| finder.find(bytes).is_some()) {
            return true;
        }
        if self.folded.is_empty() {
            return false;
        }
        lowered.clear();
        lowered.extend_from_slice(bytes);
        lowered.make_ascii_lowercase();
        self.folded.iter().any(|finder| finder.find(lowered).is_some())
    }
}

fn finders<T: AsRef<[u8]>>(needles: impl IntoIterator<Item = T>) -> Vec<Finder<'static>> {
    needles.into_iter().map(|needle| Finder::new(needle.as_ref()).into_owned()).collect()
}

/// The needles of texts, if there are few.
fn few<'a>(texts: impl ExactSizeIterator<Item = &'a String>) -> Option<Needles> {
    (texts.len() <= MOST_NEEDLES).then(|| Needles::exact(texts))
}

/// Pairs of a key and a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairTest {
    pairs: HashMap<String, HashSet<String>>,
    /// `None` if there are too many, as of the values.
    pub(super) keys: Option<Needles>,
    pub(super) values: Option<Needles>,
}

impl PairTest {
    /// A test for these pairs.
    pub(crate) fn new(pairs: HashMap<String, HashSet<String>>) -> Self {
        let values: HashSet<&String> = pairs.values().flatten().collect();
        Self { keys: few(pairs.keys()), values: few(values.into_iter()), pairs }
    }

    /// Whether a pair is one of them.
    pub(super) fn has(&self, key: &str, value: &str) -> bool {
        self.pairs.get(key).is_some_and(|values| values.contains(value))
    }

    /// Whether a JSON object has one of the pairs.
    pub(super) fn passes_json(&self, text: &str) -> bool {
        let pairs: HashMap<String, String> = serde_json::from_str(text).unwrap_or_default();
        pairs.iter().any(|(key, value)| self.has(key, value))
    }
}

/// A text that is one of some.
#[derive(Debug)]
pub(crate) struct OneOf {
    texts: HashSet<String>,
    needles: Option<Needles>,
}

impl OneOf {
    /// A test for these texts.
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: HashSet<String> = texts.into_iter().collect();
        Self { needles: few(texts.iter()), texts }
    }
}

impl TextTest for OneOf {
    fn needles(&self) -> Option<&Needles> {
        self.needles.as_ref()
    }

    fn passes(&self, text: &str) -> bool {
        self.texts.contains(text)
    }
}

/// JSON that has one of some texts as a member or an item, or a text that is one of them.
#[derive(Debug)]
pub(crate) struct Mentions {
    texts: HashSet<String>,
    needles: Option<Needles>,
}

impl Mentions {
    /// A test for these texts.
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: HashSet<String> = texts.into_iter().collect();
        // A text that JSON writes with an escape is one that has to be looked at.
        let needles = few(texts.iter()).map(|needles| needles.or(&Needles::exact(["\\"])));
        Self { texts, needles }
    }
}

impl TextTest for Mentions {
    fn needles(&self) -> Option<&Needles> {
        self.needles.as_ref()
    }

    fn passes(&self, text: &str) -> bool {
        text.contains('\\') || text.split('"').any(|literal| self.texts.contains(literal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_found_whatever_their_case_where_that_may_differ() {
        let needles = Needles::exact(["10.0.0.1"]).or_folded(["WWW.example"]);
        let are_in = |text: &str| needles.are_in(text.as_bytes(), &mut Vec::new());
        assert!(are_in("a 10.0.0.12") && are_in("Www.Example.com") && !are_in("10.0.0.2 ww.example"));
        assert!(!Needles::default().are_in(b"anything", &mut Vec::new()));
    }

    #[test]
    fn a_row_passes_if_one_column_does() {
        let pairs = HashMap::from([("Name".to_owned(), HashSet::from(["web".to_owned()]))]);
        let test = RowTest::default()
            .or_text("id", OneOf::new(["i-1".to_owned()]))
            .or_text("of", Mentions::new(["i-1".to_owned()]))
            .or_pair("tags", Arc::new(PairTest::new(pairs)));
        let passes = |column: &str, value: &str| test.passes(|name| (name == column).then_some(value));
        assert!(passes("id", "i-1") && !passes("id", "i-12") && !passes("arn", "i-1"));
        assert!(passes("of", "i-1") && passes("of", "[{\"Id\":\"i-1\"}]") && !passes("of", "[\"i-12\"]"));
        assert!(passes("of", "[\"i\\u002d1\"]"), "what is escaped has to be looked at");
        assert!(passes("tags", "{\"Name\":\"web\"}") && !passes("tags", "{\"Name\":\"db\",\"of\":\"web\"}"));
        assert!(RowTest::everything().passes(|_| None) && !RowTest::default().passes(|_| Some("i-1")));
        assert!(RowTest::default().is_nothing() && !test.is_nothing() && !RowTest::everything().is_nothing());
    }
}
