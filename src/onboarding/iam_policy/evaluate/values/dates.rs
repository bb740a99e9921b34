//! Dates of policies: the W3C's profile of ISO 8601, or seconds since 1970.
//!
//! **Invariant:** does not know what time it is.

use jiff::Timestamp;

/// A moment, whatever its form was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Instant(Timestamp);

impl Instant {
    /// Reads a date. Four digits are none: they may be a year or seconds.
    pub(in super::super) fn of(text: &str) -> Option<Self> {
        if text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Timestamp::from_second(text.parse().ok()?).ok().map(Self);
        }
        // `2020-07`, `2020-07-16`, `2020-07-16T19:20+01:00`, `2020-07-16T19:20:30Z`, `2020-07-16T19:20:30.45Z`
        let complete = match text.len() {
            7 => format!("{text}-01T00:00:00Z"),
            10 => format!("{text}T00:00:00Z"),
            _ => with_seconds(text)?,
        };
        let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        let head: Vec<u8> = complete.bytes().take(19).map(shape).collect();
        if head != b"0000-00-00T00:00:00" {
            return None;
        }
        let zone = complete[19..].trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let zone_shape: Vec<u8> = zone.bytes().map(shape).collect();
        if !matches!(zone_shape.as_slice(), b"Z" | b"+00:00" | b"-00:00") {
            return None;
        }
        complete.parse().ok().map(Self)
    }

    pub(in super::super) fn timestamp(self) -> Timestamp {
        self.0
    }
}

/// Adds seconds to a time of hours and minutes.
fn with_seconds(text: &str) -> Option<String> {
    let (minutes, rest) = (text.get(..16)?, text.get(16..)?);
    Some(if rest.starts_with(':') { text.to_owned() } else { format!("{minutes}:00{rest}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_read_in_all_documented_forms() {
        let read = |text: &str| Instant::of(text);
        for (some, same) in [
            ("2020-01-01T00:00:00Z", "1577836800"),
            ("2020-01-01", "2020-01-01T00:00:00Z"),
            ("2020-01", "2020-01-01T00:00Z"),
            ("2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z"),
            ("2019-12-31T19:00-05:00", "2020-01-01T00:00:00.000Z"),
        ] {
            assert!(read(some).is_some() && read(some) == read(same), "{some} {same}");
        }
        assert!(read("2020-01-01T00:00:00.5Z") > read("2020-01-01"));
        for wrong in [
            "",
            "2020",
            "yesterday",
            "2020-13-01",
            "2020-02-30",
            "2020-01-01T00:00:00",
            "2020-01-01 00:00:00Z",
            "2020-01-01T00:00:00Z[UTC]",
            "2020-01-01T00:00:00+0100",
            "99999999999999999999",
            "-1",
            "2020-1-1",
            "é020-01-01",
            "2020-01-01T00:00:00.5.5Z",
            "2020-01-01T00:00é",
            "*",
            "2020-01-01T24:00:00Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "[-0-9TZ:.+é]{0,30}") {
            let _ = Instant::of(&text);
        }
    }
}
