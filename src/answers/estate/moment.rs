//! The moment of an answer: now, a time in the past, or one run with its continuations.
//!
//! **Invariant:** an unknown run or a moment before the first run is an error, and never an empty answer.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::output::state;
use crate::store::Store;

/// The moment of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The newest full answer of each cell.
    Now,
    /// The same at a time in the past: runs that were committed by then count.
    At(Timestamp),
    /// One run, with the runs that continued it.
    Run(RunId),
}

/// Parses a time of RFC 3339, or a date: its end in UTC.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = Timestamp::from_str(text) {
        return Ok(time);
    }
    let refused = || format!("`{}` is no time: write one such as 2026-11-21T03:00:00Z, or a date", text.escape_debug());
    let date = Date::from_str(text).ok().filter(|date| date.to_string() == text).ok_or_else(refused)?;
    let next = date.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC)).map_err(|_| refused())?;
    next.timestamp().checked_sub(SignedDuration::from_micros(1)).map_err(|_| refused())
}

/// The dates and names of a committed run and of the runs that continued it.
pub(super) async fn chain(engine: &Engine, run_id: &RunId) -> Result<Vec<(String, String)>, Error> {
    let chain = engine.history()?.chain(run_id).await?;
    if chain.is_empty() {
        let (_, location) = engine.output()?;
        let what = format!("no run {run_id} is committed in {location}: `rolecall status {run_id}` says more of it");
        return Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("--run", what)));
    }
    let name = |manifest: &crate::engine::Manifest| (manifest.plan.dt.clone(), manifest.response.run_id.to_string());
    Ok(chain.iter().map(name).collect())
}

/// The error of an output that has no committed run, or none by the moment.
pub(super) async fn nothing_committed(store: &Store, location: &str, moment: &Moment) -> Error {
    let first = state::first_commit(store).await.ok().flatten();
    let message = match (moment, first) {
        (Moment::At(at), Some(first)) => {
            format!("no run was committed in {location} by {at}: the first one began at {first}")
        }
        _ => format!(
            "no run is committed in {location}: name the output of a run with --output or ROLECALL_OUTPUT, or make one \
             with `rolecall run`"
        ),
    };
    Error::new(ErrorKind::OutputUnreadable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_end() {
        assert_eq!(parse_time("2026-11-24").unwrap().to_string(), "2026-11-24T23:59:59.999999Z");
        assert_eq!(parse_time("2026-11-24T03:00:00+01:00").unwrap().to_string(), "2026-11-24T02:00:00Z");
        for wrong in ["", "yesterday", "2026-13-01", "20261124", "2026-11-24T03:00:00", "2026-11-24 ", "9999-12-32"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
