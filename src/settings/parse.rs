//! Parsers of the settings' texts. An error says how to write the value.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{HttpEvents, ReportPages, StepEvents};
use crate::domain::{RoleArn, is_region_in_form};

/// The longest duration. A clock cannot be moved on by any number of seconds, and no run lasts a week.
const MAX_DURATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The shortest interval: windows are counted in seconds.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Durations of a lease. A shorter one would end between two renewals; a longer one would outlast a Lambda's invocation.
const LEASES: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(15 * 60);

/// Parses `30s`, `5m`, `1h30m`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let signed: jiff::SignedDuration = text.parse().map_err(|_| "write a duration as 30s, 5m or 1h30m".to_owned())?;
    let duration = Duration::try_from(signed).map_err(|_| "a duration cannot be negative".to_owned())?;
    match duration {
        Duration::ZERO => Err("it must be longer than zero".into()),
        duration if duration > MAX_DURATION => Err("it can be at most 168h, which is a week".into()),
        duration => Ok(duration),
    }
}

/// Parses an interval of at least a second, or `off`.
pub(super) fn interval(text: &str) -> Result<Option<Duration>, String> {
    if is_off(text) {
        return Ok(None);
    }
    let interval = duration(text).map_err(|advice| format!("{advice}; or write off"))?;
    if interval < MIN_INTERVAL { Err("it must be at least 1s, or off".into()) } else { Ok(Some(interval)) }
}

/// Parses the duration of a lease, or `off`.
pub(super) fn lease(text: &str) -> Result<Option<Duration>, String> {
    if is_off(text) {
        return Ok(None);
    }
    let lease = duration(text).map_err(|advice| format!("{advice}; or write off"))?;
    if LEASES.contains(&lease) { Ok(Some(lease)) } else { Err("it must be from 5s to 15m, or off".into()) }
}

fn is_off(text: &str) -> bool {
    ["off", "no", "false", "0", "0s"].contains(&text.to_ascii_lowercase().as_str())
}

pub(super) fn whole<T: TryFrom<u64>>(text: &str, min: u64, max: u64) -> Result<T, String> {
    let number: u64 = text.parse().map_err(|_| format!("write a whole number from {min} to {max}"))?;
    let number = if (min..=max).contains(&number) { T::try_from(number).ok() } else { None };
    number.ok_or_else(|| format!("it must be from {min} to {max}"))
}

pub(super) fn log_level(text: &str) -> Result<String, String> {
    let levels = ["error", "warn", "info", "debug", "trace"];
    let known = levels.contains(&text.to_ascii_lowercase().as_str());
    if known { Ok(text.to_owned()) } else { Err(format!("write one of {}", levels.join(", "))) }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("write true or false".into()),
    }
}

pub(super) fn step_events(text: &str) -> Result<StepEvents, String> {
    match text.to_ascii_lowercase().as_str() {
        "accept" => Ok(StepEvents::Accept),
        "refuse" => Ok(StepEvents::Refuse),
        "only" => Ok(StepEvents::Only),
        _ => Err("write accept, refuse or only".into()),
    }
}

pub(super) fn http_events(text: &str) -> Result<HttpEvents, String> {
    match text.to_ascii_lowercase().as_str() {
        "refuse" => Ok(HttpEvents::Refuse),
        "only" => Ok(HttpEvents::Only),
        _ => Err("write refuse or only".into()),
    }
}

pub(super) fn report_pages(text: &str) -> Result<ReportPages, String> {
    match text.to_ascii_lowercase().as_str() {
        "customers" => Ok(ReportPages::ByCustomer),
        text => match boolean(text) {
            Ok(true) => Ok(ReportPages::Write),
            Ok(false) => Ok(ReportPages::None),
            Err(_) => Err("write yes, no or customers".into()),
        },
    }
}

pub(super) fn role_arn(text: &str) -> Result<String, String> {
    let role: Result<RoleArn, _> = text.parse();
    role.map(|role| role.to_string())
        .map_err(|_| "write a role's ARN, as arn:aws:iam::111122223333:role/rolecall-backend".into())
}

pub(super) fn region(text: &str) -> Result<String, String> {
    if is_region_in_form(text) { Ok(text.to_owned()) } else { Err("write a region, as eu-west-1".into()) }
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    calls(text, 0.1, "write calls per second, as 5 or 7.5")
}

pub(super) fn burst(text: &str) -> Result<f64, String> {
    calls(text, 1.0, "write a number of calls, as 10")
}

fn calls(text: &str, min: f64, advice: &str) -> Result<f64, String> {
    let max = 10_000.0;
    let number: f64 = text.parse().map_err(|_| advice.to_owned())?;
    if (min..=max).contains(&number) { Ok(number) } else { Err(format!("it must be from {min} to {max}")) }
}

pub(super) fn queue_url(text: &str) -> Result<String, String> {
    let is_url = text.starts_with("https://") || text.starts_with("http://");
    if is_url { Ok(text.to_owned()) } else { Err("write the queue's URL, as https://sqs.…".into()) }
}

pub(super) fn byte_size(text: &str) -> Result<u64, String> {
    let units: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
    let advice = || "write a size as 256MiB".to_owned();
    let (number, factor) =
        units.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor))).ok_or_else(advice)?;
    let number: u64 = number.trim().parse().map_err(|_| advice())?;
    let bytes = number.saturating_mul(factor);
    if (1 << 20..=1 << 40).contains(&bytes) { Ok(bytes) } else { Err("it must be from 1MiB to 1024GiB".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_positive_and_at_most_a_week() {
        assert_eq!(duration("168h"), Ok(Duration::from_secs(604_800)));
        for refused in ["0s", "-1s", "169h", "9223372036854775807s", "soon", "5"] {
            assert!(duration(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn an_interval_is_off_or_at_least_a_second() {
        for off in ["off", "OFF", "no", "false", "0", "0s"] {
            assert_eq!(interval(off), Ok(None), "{off}");
        }
        assert_eq!(interval("1h30m"), Ok(Some(Duration::from_secs(5_400))));
        for refused in ["999ms", "1ms", "-1h", "169h", "on", "daily", "24"] {
            assert!(interval(refused).is_err(), "{refused}");
        }
    }
}
