//! The arguments of every command that reads the inventory: which state of it, and which rows.

use std::collections::BTreeSet;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::selection::tags;
use super::setting_flags::{FlagSet, SettingFlags};
use crate::answers::facts::RowFilter;
use crate::domain::{AccountId, Globs, RunId, region_glob};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::settings::Settings;

/// The settings of a command that answers. `--format` is the form of the answer there.
#[derive(Debug)]
pub(crate) struct AnswerFlags;

impl FlagSet for AnswerFlags {
    const FLAGS: &'static [&'static str] = &["registry", "output"];
}

/// Which state of the inventory is read, and which rows of it are wanted.
#[derive(Args, Debug)]
pub(crate) struct EstateArgs {
    #[command(flatten)]
    settings: SettingFlags<AnswerFlags>,
    /// The state at this time: a time in RFC 3339, or a date, which means its end in UTC
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "run")]
    pub at: Option<Timestamp>,
    /// What this run and the runs that continue it have written
    #[arg(long, value_name = "RUN_ID")]
    pub run: Option<RunId>,
    /// Only what one of these accounts sees: account ids, separated by commas, or `all`
    #[arg(long, value_delimiter = ',', value_name = "ID,…|all")]
    accounts: Vec<String>,
    /// Only regions that match (globs). What has no region is always included
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    regions: Vec<String>,
    /// Only resources whose owner gave them this tag (may be given more than once)
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    tags: Vec<String>,
}

impl EstateArgs {
    /// Returns the settings of the flags and the environment.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        self.settings.settings()
    }

    /// Refuses `--at` and `--run`, for a command whose moments are its arguments.
    pub(crate) fn without_moment(&self, command: &str) -> Result<(), Error> {
        if self.at.is_none() && self.run.is_none() {
            return Ok(());
        }
        let what = format!("`{command}` takes its moments as arguments, and neither --at nor --run");
        Err(Error::new(ErrorKind::InvalidRequest, what))
    }

    /// What the rows are narrowed to, in words.
    pub(crate) fn narrowing(&self) -> Vec<String> {
        let list =
            |what: &str, values: &[String]| (!values.is_empty()).then(|| format!("{what} {}", values.join(", ")));
        let at = self.at.map(|at| format!("the state at {at}"));
        let run = self.run.as_ref().map(|run| format!("the run {run}"));
        let lists = [("accounts", &self.accounts), ("regions", &self.regions), ("tags", &self.tags)];
        lists.into_iter().filter_map(|(what, values)| list(what, values)).chain(at).chain(run).collect()
    }

    /// Returns the rows that are wanted.
    pub(crate) fn selection(&self) -> Result<RowFilter, Error> {
        let mut errors = ValidationErrors::new();
        let mut accounts = BTreeSet::new();
        for account in &self.accounts {
            match account.parse::<AccountId>() {
                Ok(account) => drop(accounts.insert(account.to_string())),
                Err(_) if self.accounts.as_slice() == ["all"] => {}
                Err(error) => errors.push("--accounts", error.to_string()),
            }
        }
        for glob in &self.regions {
            if let Err(error) = region_glob(glob) {
                errors.push("--regions", error.to_string());
            }
        }
        let regions = (!self.regions.is_empty()).then(|| Globs::new(&self.regions)).transpose();
        let regions = regions.unwrap_or_else(|error| {
            if errors.is_empty() {
                errors.push("--regions", error.to_string());
            }
            None
        });
        let accounts = (!accounts.is_empty()).then_some(accounts);
        let selection = RowFilter { accounts, regions, tags: tags(&self.tags, &mut errors) };
        errors.into_result(selection).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
    }
}

/// Parses a time, or a date, which means the last moment of its day.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    // Whatever is longer than a date has a time, of which the zone is missing.
    let date: Option<Date> = if text.len() == "2026-11-28".len() { text.parse().ok() } else { None };
    let end = date.and_then(|date| date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok());
    let end = end.and_then(|end| Timestamp::from_nanosecond(end.timestamp().as_nanosecond() - 1).ok());
    end.ok_or_else(|| "write a time such as 2026-11-28T02:00:00Z, or a date such as 2026-11-28".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_means_its_end() {
        let time = |text: &str| moment(text).map(|time| time.to_string());
        for (text, expected) in [
            ("2026-11-28", "2026-11-28T23:59:59.999999999Z"),
            ("2026-11-28T02:00:00Z", "2026-11-28T02:00:00Z"),
            ("2026-11-28T02:00:00+01:00", "2026-11-28T01:00:00Z"),
            ("2026-02-28", "2026-02-28T23:59:59.999999999Z"),
        ] {
            assert_eq!(time(text).as_deref(), Ok(expected));
        }
        for wrong in
            ["", "yesterday", "2026-11-28T02:00:00", "2026-11-28T02:00", "20261128", "2026-02-30", "9999-12-31x"]
        {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
