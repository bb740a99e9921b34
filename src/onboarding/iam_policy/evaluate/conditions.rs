//! Whether the conditions of a statement hold for a request.
//!
//! **Invariant:** a condition that is not understood is open, and never passed over. No answer has a value of a condition.

use super::super::document::Condition;
use super::super::pattern::{PatternPart, matches_parts};
use super::key_value::KeyValue;
use super::operators::{Comparison, ConditionOperator, SetOperator};
use super::request::AccessRequest;
use super::truth::Truth;
use super::values::{AddressRange, Decimal, Instant, address, boolean, decode_base64};
use super::variables::{Expanded, expand};
use crate::input::quoted;

/// The number of parts of an ARN, which colons separate.
const ARN_PARTS: usize = 6;

/// Returns whether all conditions hold.
pub(super) fn hold(conditions: &[Condition], with_variables: bool, request: &AccessRequest) -> Truth {
    Truth::all(conditions.iter().map(|condition| holds(condition, with_variables, request)))
}

fn holds(condition: &Condition, with_variables: bool, request: &AccessRequest) -> Truth {
    let Some(operator) = ConditionOperator::of(&condition.operator) else {
        return Truth::open(&format!("the condition operator {}", quoted(&condition.operator)));
    };
    let test = Test { condition, operator, with_variables, request };
    match (request.key(&condition.key), operator.comparison) {
        (value, Comparison::Null) => test.is_null(&value),
        (KeyValue::Absent, _) => test.on_absence(),
        (KeyValue::Values(values), _) if values.is_empty() => test.on_absence(),
        (KeyValue::Values(values), _) => test.on_values(&values),
        (KeyValue::Present, _) => test.on_presence(),
        (KeyValue::Unknown, _) => test.on_absence().either(test.on_presence(), &condition.key),
    }
}

/// One condition, and the request that it is tested with.
struct Test<'a> {
    condition: &'a Condition,
    operator: ConditionOperator,
    with_variables: bool,
    request: &'a AccessRequest,
}

impl Test<'_> {
    fn open(&self) -> Truth {
        Truth::open(&self.condition.key)
    }

    /// `Null`: whether the key is absent, as the values say.
    fn is_null(&self, value: &KeyValue) -> Truth {
        let absent = match value {
            KeyValue::Absent => Truth::Yes,
            KeyValue::Values(values) if is_empty_set(values) && !values.is_empty() => self.open(),
            KeyValue::Values(values) => values.is_empty().into(),
            KeyValue::Present => Truth::No,
            KeyValue::Unknown => self.open(),
        };
        let wanted: Vec<Option<bool>> = self.condition.texts().map(boolean).collect();
        if wanted.contains(&Some(true)) && wanted.contains(&Some(false)) {
            return Truth::Yes;
        }
        Truth::any(wanted.into_iter().map(|wanted| match wanted {
            Some(true) => absent.clone(),
            Some(false) => absent.clone().not(),
            None => self.open(),
        }))
    }

    /// The request does not have the key.
    fn on_absence(&self) -> Truth {
        let ConditionOperator { set, negated, if_exists, .. } = self.operator;
        match set {
            SetOperator::Single => (if_exists || negated).into(),
            SetOperator::ForAllValues => Truth::Yes,
            // IAM documents that IfExists holds without the key, and that ForAnyValue does not.
            SetOperator::ForAnyValue if if_exists => self.open(),
            SetOperator::ForAnyValue => Truth::No,
        }
    }

    /// The request has the key, with a value that is not known.
    fn on_presence(&self) -> Truth {
        let is_pattern = self.operator.comparison == Comparison::Pattern;
        let all_match =
            is_pattern && self.condition.texts().any(|text| !text.is_empty() && text.bytes().all(|byte| byte == b'*'));
        let none_matches = self.condition.values.is_empty();
        if !all_match && !none_matches {
            return self.open();
        }
        // A set operator has an answer of its own for an empty value.
        match (self.operator.set, all_match != self.operator.negated) {
            (SetOperator::Single, holds) => holds.into(),
            (SetOperator::ForAllValues, true) => Truth::Yes,
            (SetOperator::ForAnyValue, false) => Truth::No,
            (SetOperator::ForAllValues | SetOperator::ForAnyValue, _) => self.open(),
        }
    }

    fn on_values(&self, values: &[String]) -> Truth {
        let mut tests = values.iter().map(|value| self.on_value(value));
        match self.operator.set {
            SetOperator::ForAllValues if is_empty_set(values) => Truth::Yes,
            SetOperator::ForAnyValue if is_empty_set(values) => Truth::No,
            SetOperator::ForAllValues => Truth::all(tests),
            SetOperator::ForAnyValue => Truth::any(tests),
            // IAM documents no answer for a key of several values without a set operator.
            SetOperator::Single => {
                let first = tests.next().unwrap_or_else(|| self.open());
                tests.fold(first, |all, one| all.either(one, &self.condition.key))
            }
        }
    }

    fn on_value(&self, value: &str) -> Truth {
        let matched = Truth::any(self.condition.texts().map(|text| self.compare(value, text)));
        if self.operator.negated { matched.not() } else { matched }
    }

    /// Compares a value of the request with one of the condition.
    fn compare(&self, value: &str, text: &str) -> Truth {
        let takes_variables = matches!(
            self.operator.comparison,
            Comparison::Text | Comparison::TextIgnoringCase | Comparison::Pattern | Comparison::Arn
        );
        let pattern = match expand(text, self.with_variables && takes_variables, self.request) {
            Expanded::Pattern(pattern) => pattern,
            // A variable without a value equals nothing, so that a negated operator holds.
            Expanded::Nothing => return Truth::No,
            Expanded::Open(questions) => return Truth::Open(questions),
        };
        match self.operator.comparison {
            Comparison::Pattern => matches_parts(&pattern, value).into(),
            Comparison::Arn => self.like_arn(&pattern, value),
            _ => self.compare_text(value, &literal(&pattern)),
        }
    }

    fn compare_text(&self, value: &str, text: &str) -> Truth {
        let known = match self.operator.comparison {
            Comparison::Text => Some(value == text),
            Comparison::TextIgnoringCase => Some(value.to_lowercase() == text.to_lowercase()),
            Comparison::Number(order) => {
                both(value, text, Decimal::of).map(|(value, text)| order.holds(value.cmp(&text)))
            }
            Comparison::Date(order) => {
                both(value, text, Instant::of).map(|(value, text)| order.holds(value.cmp(&text)))
            }
            Comparison::Bool => both(value, text, boolean).map(|(value, text)| value == text),
            Comparison::Binary => both(value, text, decode_base64).map(|(value, text)| value == text),
            Comparison::Ip => {
                AddressRange::of(text).zip(address(value)).and_then(|(range, value)| range.contains(value))
            }
            Comparison::Pattern | Comparison::Arn | Comparison::Null => None,
        };
        known.map_or_else(|| self.open(), Truth::from)
    }

    /// Compares ARNs, each of the six parts for itself. A wildcard does not reach past a colon, except in the last part.
    fn like_arn(&self, pattern: &[PatternPart], value: &str) -> Truth {
        if !pattern.is_empty() && pattern.iter().all(|part| *part == PatternPart::AnyNumber) {
            return Truth::Yes;
        }
        let wanted: Vec<&[PatternPart]> = pattern.splitn(ARN_PARTS, |part| *part == PatternPart::Itself(':')).collect();
        let found: Vec<&str> = value.splitn(ARN_PARTS, ':').collect();
        if wanted.len() != ARN_PARTS || found.len() != ARN_PARTS {
            // Whatever IAM makes of it, it is not looser than the same pattern for a string.
            return if matches_parts(pattern, value) { self.open() } else { Truth::No };
        }
        wanted.iter().zip(found).all(|(wanted, found)| matches_parts(wanted, found)).into()
    }
}

/// Returns whether a key's values are what IAM takes for an empty set: none, or an empty text.
fn is_empty_set(values: &[String]) -> bool {
    values.iter().all(String::is_empty)
}

fn both<T>(value: &str, text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    read(value).zip(read(text))
}

/// The text of a pattern for operators that know no wildcards.
fn literal(pattern: &[PatternPart]) -> String {
    let character = |part: &PatternPart| match part {
        PatternPart::Itself(character) => *character,
        PatternPart::AnyOne => '?',
        PatternPart::AnyNumber => '*',
    };
    pattern.iter().map(character).collect()
}
