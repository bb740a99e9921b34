//! A truth value of three: yes, no, and open.
//!
//! **Invariant:** knows neither policies nor requests.

use std::collections::BTreeSet;

/// Whether something holds. An open value names what it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Open(BTreeSet<String>),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Truth {
    /// A value that depends on one thing: a condition key, or what else is not known.
    pub(super) fn open(question: &str) -> Self {
        Self::Open([question.to_owned()].into())
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            open @ Self::Open(_) => open,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, other) | (other, Self::Yes) => other,
            (Self::Open(some), Self::Open(more)) => Self::Open(&some | &more),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// Returns whether all hold. Yes if there is none.
    pub(super) fn all(values: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for value in values {
            all = all.and(value);
            if all == Self::No {
                break;
            }
        }
        all
    }

    /// Returns whether any holds. No if there is none.
    pub(super) fn any(values: impl IntoIterator<Item = Self>) -> Self {
        Self::all(values.into_iter().map(Self::not)).not()
    }

    /// The value of what may be either: open by this question, unless it makes no difference.
    pub(super) fn either(self, other: Self, question: &str) -> Self {
        match (self, other) {
            (some, other) if some == other && !matches!(some, Self::Open(_)) => some,
            (some, other) => [some, other].into_iter().fold(Self::open(question), |all, value| match (all, value) {
                (Self::Open(all), Self::Open(more)) => Self::Open(&all | &more),
                (all, _) => all,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both values that a truth may have.
    fn completions(truth: &Truth) -> Vec<bool> {
        match truth {
            Truth::Yes => vec![true],
            Truth::No => vec![false],
            Truth::Open(_) => vec![false, true],
        }
    }

    fn of(completions: BTreeSet<bool>) -> Option<bool> {
        if completions.len() == 1 { completions.into_iter().next() } else { None }
    }

    fn decided(truth: &Truth) -> Option<bool> {
        of(completions(truth).into_iter().collect())
    }

    #[test]
    fn the_logic_is_that_of_all_completions() {
        let values = [Truth::Yes, Truth::No, Truth::open("a")];
        for some in &values {
            assert_eq!(decided(&some.clone().not()), decided(some).map(|value| !value));
            for other in [Truth::Yes, Truth::No, Truth::open("b")] {
                let pairs =
                    || completions(some).into_iter().flat_map(|a| completions(&other).into_iter().map(move |b| (a, b)));
                assert_eq!(decided(&some.clone().and(other.clone())), of(pairs().map(|(a, b)| a && b).collect()));
                assert_eq!(decided(&some.clone().or(other.clone())), of(pairs().map(|(a, b)| a || b).collect()));
                let either = some.clone().either(other.clone(), "c");
                assert_eq!(decided(&either), of(pairs().flat_map(|(a, b)| [a, b]).collect()));
            }
        }
        let open = Truth::open("a").and(Truth::open("b")).or(Truth::No);
        assert_eq!(open, Truth::Open(["a".to_owned(), "b".to_owned()].into()));
        assert_eq!((Truth::all([]), Truth::any([])), (Truth::Yes, Truth::No));
    }
}
