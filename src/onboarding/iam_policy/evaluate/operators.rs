//! The names of condition operators.
//!
//! **Invariant:** knows what an operator compares, and no values.

use std::cmp::Ordering;

/// A condition operator with its prefix and its suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConditionOperator {
    pub set: SetOperator,
    pub comparison: Comparison,
    /// `StringNotEquals`: none of the values may match.
    pub negated: bool,
    pub if_exists: bool,
}

/// How a key of several values is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetOperator {
    /// For a key of one value.
    Single,
    ForAnyValue,
    ForAllValues,
}

/// What an operator compares. Its negation is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Text,
    TextIgnoringCase,
    Pattern,
    Number(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    /// Whether the key is absent.
    Null,
}

/// The order that a comparison wants: of the request's value to the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl ConditionOperator {
    /// Reads an operator's name, in any case. A name that IAM does not document is none.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, name) = match name.split_once(':') {
            None => (SetOperator::Single, name.as_str()),
            Some(("foranyvalue", name)) => (SetOperator::ForAnyValue, name),
            Some(("forallvalues", name)) => (SetOperator::ForAllValues, name),
            Some(_) => return None,
        };
        let (base, if_exists) = name.strip_suffix("ifexists").map_or((name, false), |base| (base, true));
        let (comparison, negated) = comparison(base)?;
        // IAM documents neither for Null.
        let odd = comparison == Comparison::Null && (if_exists || set != SetOperator::Single);
        (!odd).then_some(Self { set, comparison, negated, if_exists })
    }
}

fn comparison(name: &str) -> Option<(Comparison, bool)> {
    let order = |name: &str| match name {
        "equals" => Some((Order::Equal, false)),
        "notequals" => Some((Order::Equal, true)),
        "lessthan" => Some((Order::Less, false)),
        "lessthanequals" => Some((Order::LessOrEqual, false)),
        "greaterthan" => Some((Order::Greater, false)),
        "greaterthanequals" => Some((Order::GreaterOrEqual, false)),
        _ => None,
    };
    if let Some(name) = name.strip_prefix("numeric") {
        return order(name).map(|(order, negated)| (Comparison::Number(order), negated));
    }
    if let Some(name) = name.strip_prefix("date") {
        return order(name).map(|(order, negated)| (Comparison::Date(order), negated));
    }
    Some(match name {
        "stringequals" => (Comparison::Text, false),
        "stringnotequals" => (Comparison::Text, true),
        "stringequalsignorecase" => (Comparison::TextIgnoringCase, false),
        "stringnotequalsignorecase" => (Comparison::TextIgnoringCase, true),
        "stringlike" => (Comparison::Pattern, false),
        "stringnotlike" => (Comparison::Pattern, true),
        "bool" => (Comparison::Bool, false),
        "binaryequals" => (Comparison::Binary, false),
        "ipaddress" => (Comparison::Ip, false),
        "notipaddress" => (Comparison::Ip, true),
        "arnequals" | "arnlike" => (Comparison::Arn, false),
        "arnnotequals" | "arnnotlike" => (Comparison::Arn, true),
        "null" => (Comparison::Null, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_read_in_any_case_with_prefix_and_suffix() {
        let read = |name| ConditionOperator::of(name);
        let operator = read("forANYvalue:StringNotLikeIFEXISTS").unwrap();
        assert_eq!((operator.set, operator.comparison), (SetOperator::ForAnyValue, Comparison::Pattern));
        assert!(operator.negated && operator.if_exists);
        assert_eq!(read("ArnEquals"), read("arnlike"));
        assert_eq!(read("ArnNotEquals"), read("ArnNotLike"));
        assert_eq!(read("NumericGreaterThanEquals").unwrap().comparison, Comparison::Number(Order::GreaterOrEqual));
        for name in [
            "",
            "IfExists",
            "StringEqual",
            "StringLikes",
            "Equals",
            "ForSomeValues:StringLike",
            "ForAnyValue:",
            "Numeric",
            "ForAnyValue:ForAllValues:StringLike",
            "NullIfExists",
            "ForAllValues:Null",
            "StringEqualsIfExistsIfExists",
            "BinaryNotEquals",
            "BoolNot",
            "StringLikeIgnoreCase",
            "ForAnyValue: StringLike",
            "StringEquals ",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
