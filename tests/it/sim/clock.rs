//! Dates in the forms of AWS's headers and responses: UTC, whole seconds.

/// Converts days since 1970-01-01 to a civil date.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Converts a civil date to days since 1970-01-01.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Formats seconds since 1970 as `2026-11-21T03:00:00Z`.
pub(super) fn iso(epoch: i64) -> String {
    let (year, month, day) = civil(epoch.div_euclid(86_400));
    let s = epoch.rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

/// Formats seconds since 1970 as `Sat, 21 Nov 2026 03:00:00 GMT`.
pub(super) fn http_date(epoch: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let number = epoch.div_euclid(86_400);
    let (year, month, day) = civil(number);
    let s = epoch.rem_euclid(86_400);
    let weekday = WEEKDAYS[number.rem_euclid(7) as usize];
    let month = MONTHS[(month - 1).rem_euclid(12) as usize];
    format!("{weekday}, {day:02} {month} {year:04} {:02}:{:02}:{:02} GMT", s / 3600, s / 60 % 60, s % 60)
}

/// Parses `20261121T030000Z` to seconds since 1970.
pub(super) fn parse_amz(date: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| date.get(range)?.parse::<i64>().ok();
    if date.len() != 16 || !date.is_ascii() {
        return None;
    }
    let day = days(part(0..4)?, part(4..6)?, part(6..8)?);
    Some(day * 86_400 + part(9..11)? * 3600 + part(11..13)? * 60 + part(13..15)?)
}

#[test]
fn dates_round_trip() {
    assert_eq!(iso(1_795_230_000), "2026-11-21T03:00:00Z");
    assert_eq!(http_date(1_795_230_000), "Sat, 21 Nov 2026 03:00:00 GMT");
    assert_eq!(parse_amz("20261121T030000Z"), Some(1_795_230_000));
    assert_eq!(parse_amz("2026é121T03000Z"), None);
}
