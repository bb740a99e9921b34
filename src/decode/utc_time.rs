//! Instants in UTC from the year -9999 to the end of 9999, and the forms in which AWS writes them.
//!
//! [`jiff::Timestamp`] ends a day earlier, since it can be shown with any offset. AWS writes `9999-12-31T23:59:59Z` for
//! "never".
//!
//! **Invariant:** knows neither XML nor files.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::fmt::{rfc2822, strtime, temporal};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// The date formats of HTTP besides the one of RFC 2822.
const HTTP_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// An instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime(DateTime);

/// The text is no time in any form that is read.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("it is no time")]
pub struct NoTime;

impl UtcTime {
    /// The microseconds since 1970, rounded down.
    pub fn as_microsecond(self) -> i64 {
        let nanoseconds = self.0.duration_since(EPOCH).as_nanos().div_euclid(1000);
        // 20,000 years of microseconds fit 64 bits.
        i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
    }

    /// The instant of these microseconds after 1970. `None` beyond the year 9999.
    pub fn from_microsecond(microseconds: i64) -> Option<Self> {
        EPOCH.checked_add(SignedDuration::from_micros(microseconds)).ok().map(Self)
    }

    fn from_epoch_seconds(seconds: f64) -> Option<Self> {
        // A double is exact to a microsecond at best.
        let microseconds = (seconds * 1e6).round();
        let exact = (-9e17..9e17).contains(&microseconds);
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        exact.then_some(microseconds as i64).and_then(Self::from_microsecond)
    }

    /// Reads ISO 8601, with UTC as the offset if it has none. A leap second has no place on this scale.
    fn from_iso_8601(text: &str) -> Option<Self> {
        let pieces = temporal::Pieces::parse(text).ok()?;
        if pieces.time_zone_annotation().is_some() {
            return None;
        }
        let local = pieces.date().to_datetime(pieces.time().unwrap_or(jiff::civil::Time::midnight()));
        let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
        local.checked_sub(SignedDuration::from_secs(i64::from(offset.seconds()))).ok().map(Self)
    }

    /// Reads the dates of HTTP and mail.
    fn from_http_date(text: &str) -> Option<Self> {
        if let Ok(mail) = rfc2822::parse(text) {
            return Some(mail.timestamp().into());
        }
        HTTP_DATES.iter().find_map(|format| strtime::parse(format, text).ok()?.to_datetime().ok()).map(Self)
    }
}

impl From<Timestamp> for UtcTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(Offset::UTC.to_datetime(timestamp))
    }
}

impl FromStr for UtcTime {
    type Err = NoTime;

    /// Reads ISO 8601, seconds since 1970, and the dates of HTTP, as AWS's own clients do.
    fn from_str(text: &str) -> Result<Self, NoTime> {
        // Nearly every text has this form. A leap second would be read as the second before it.
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            let time = Self::from(timestamp);
            return if time.0.second() == 59 && text.contains(":60") { Err(NoTime) } else { Ok(time) };
        }
        if text.contains(":60") {
            return Err(NoTime);
        }
        if let Ok(seconds) = text.parse::<f64>() {
            return Self::from_epoch_seconds(seconds).ok_or(NoTime);
        }
        let iso = text.strip_suffix("UTC").or(text.strip_suffix("GMT")).map_or(text, str::trim_end);
        Self::from_iso_8601(iso).or_else(|| Self::from_http_date(text)).ok_or(NoTime)
    }
}

impl Display for UtcTime {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}Z", self.0)
    }
}

impl<'de> serde::Deserialize<'de> for UtcTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_aws_clients_read_is_read() {
        for (text, expected) in [
            ("2014-04-29T18:30:38.000Z", "2014-04-29T18:30:38Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("9999-12-31T23:59:59", "9999-12-31T23:59:59Z"),
            ("9999-12-31T22:59:59-01:00", "9999-12-31T23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2014-04-29T18:30:38", "2014-04-29T18:30:38Z"),
            ("2014-04-29T18:30:38.5", "2014-04-29T18:30:38.5Z"),
            ("2014-04-29T18:30:38,5Z", "2014-04-29T18:30:38.5Z"),
            ("2014-04-29T18:30", "2014-04-29T18:30:00Z"),
            ("2014-04-29", "2014-04-29T00:00:00Z"),
            ("2014-04-29 18:30:38+02:00", "2014-04-29T16:30:38Z"),
            ("2014-04-29T18:30:38+0200", "2014-04-29T16:30:38Z"),
            ("2014-04-29T18:30:38 UTC", "2014-04-29T18:30:38Z"),
            ("2014-04-29t18:30:38z", "2014-04-29T18:30:38Z"),
            ("20140429T183038Z", "2014-04-29T18:30:38Z"),
            ("1398796238", "2014-04-29T18:30:38Z"),
            ("1398796238.5", "2014-04-29T18:30:38.5Z"),
            ("1.398796238e9", "2014-04-29T18:30:38Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
            ("-62135596800", "0001-01-01T00:00:00Z"),
            ("Tue, 29 Apr 2014 18:30:38 GMT", "2014-04-29T18:30:38Z"),
            ("29 Apr 2014 18:30:38 +0000", "2014-04-29T18:30:38Z"),
            ("Tuesday, 29-Apr-14 18:30:38 GMT", "2014-04-29T18:30:38Z"),
            ("Tue Apr 29 18:30:38 2014", "2014-04-29T18:30:38Z"),
        ] {
            let read: Result<UtcTime, _> = text.parse();
            assert_eq!(read.map(|time| time.to_string()).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "never",
            "2014-04-29T24:00:00Z",
            "2014-04-29T18:30:60Z",
            "9999-12-31T23:59:59-01:00",
            "10000-01-01T00:00:00Z",
            "1e300",
            "nan",
            "2014-119",
            "2014-04-29T18:30:38[Europe/Paris]",
        ] {
            assert_eq!(text.parse::<UtcTime>(), Err(NoTime), "{text}");
        }
    }

    #[test]
    fn microseconds_are_rounded_down_and_lead_back() {
        let time = |text: &str| text.parse::<UtcTime>().unwrap();
        assert_eq!(time("1969-12-31T23:59:59.9999995Z").as_microsecond(), -1);
        assert_eq!(time("1970-01-01T00:00:00.0000019Z").as_microsecond(), 1);
        for text in ["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"] {
            assert_eq!(UtcTime::from_microsecond(time(text).as_microsecond()), Some(time(text)));
        }
        assert_eq!(UtcTime::from_microsecond(i64::MAX), None);
    }
}
