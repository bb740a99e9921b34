//! Decimal numbers of any size.
//!
//! **Invariant:** compares exactly: a float would take two large numbers for equal.

use std::cmp::Ordering;

/// The longest exponent that is read. Longer ones are in no policy.
const MAX_EXPONENT_DIGITS: usize = 6;

/// A decimal number: a sign, and `0.DIGITS` times ten to the power of the exponent. Zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Decimal {
    negative: bool,
    exponent: i64,
    digits: String,
}

impl Decimal {
    /// Reads an integer or a decimal number: `-12.50`, `1e3`.
    pub(in super::super) fn of(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if !is_number(whole) || !is_number(fraction) || !is_number(exponent_digits) {
            return None;
        }
        if exponent_digits.len() > MAX_EXPONENT_DIGITS {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let leading_zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, exponent: 0, digits: String::new() });
        }
        let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
        let exponent = i64::try_from(whole.len()).ok()? - leading_zeros + exponent;
        Some(Self { negative, exponent, digits: digits.to_owned() })
    }

    fn size(&self) -> (bool, i64, &str) {
        (!self.digits.is_empty(), self.exponent, &self.digits)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size().cmp(&other.size()),
            (true, true) => other.size().cmp(&self.size()),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_compared_exactly() {
        let read = |text: &str| Decimal::of(text).unwrap();
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("-1", "0"),
            ("-10", "-9"),
            ("0.1", "0.11"),
            ("0.0009", "0.001"),
            ("99", "1e2000"),
            ("1e-7", "0.0001"),
        ] {
            assert!(read(less) < read(more) && read(more) > read(less), "{less} {more}");
        }
        for (some, same) in
            [("1", "1.00"), ("007", "7"), ("-0", "0.0"), ("1e3", "1000"), ("12.5E+1", "125"), ("0e9", "0")]
        {
            assert_eq!(read(some).cmp(&read(same)), Ordering::Equal, "{some} {same}");
        }
        for wrong in
            ["", "-", ".", "1.", ".5", "1e", "e1", "1e1234567", "+1", " 1", "1 ", "0x1", "1,5", "--1", "١", "1e1.5"]
        {
            assert_eq!(Decimal::of(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_integers(a in any::<i64>(), b in any::<i64>(), zeros in 0_usize..4) {
            let read = |number: i64| Decimal::of(&format!("{number}.{}", "0".repeat(zeros + 1))).unwrap();
            prop_assert_eq!(read(a).cmp(&Decimal::of(&b.to_string()).unwrap()), a.cmp(&b));
        }

        #[test]
        fn any_text_is_read_or_not(text in "[-+0-9.eE]{0,20}") {
            if let Some(number) = Decimal::of(&text) {
                let float: f64 = text.parse().unwrap();
                prop_assert!(float == 0.0 || float.is_sign_negative() == number.negative, "{}", text);
            }
        }
    }
}
