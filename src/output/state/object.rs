//! The names of states: the newest one comes first in a listing, and so does the newest before a moment.
//!
//! **Invariant:** a name never depends on what others write.

use jiff::Timestamp;

use super::{State, folder};
use crate::domain::{Format, new_attempt_id};
use crate::output::rows::RowFile;
use crate::store::Listed;

/// The largest number of milliseconds that a name holds: the year 2286.
const MOST_MILLIS: i64 = 9_999_999_999_999;
const MOST_RUNS: u64 = 9_999_999_999;
const ENDING: &str = ".parquet";

/// The key of a new state: the time of its newest commit, the number of its runs, what makes it unique, and the digest of its
/// footer.
pub(super) fn key(state: &State, format: Format, digest: &str) -> String {
    let runs = MOST_RUNS.saturating_sub(state.total);
    let (folder, moment, attempt) = (folder(format), inverted(state.moment), new_attempt_id());
    format!("{folder}/{moment:013}.{runs:010}.{attempt}-{digest}{ENDING}")
}

/// The name after which the states of a moment and of earlier ones are listed.
pub(super) fn before(at: Timestamp) -> String {
    format!("{:013}", inverted(at))
}

fn inverted(at: Timestamp) -> i64 {
    MOST_MILLIS - at.as_millisecond().clamp(0, MOST_MILLIS)
}

/// The file of a state, if the object is one.
pub(super) fn file(format: Format, listed: &Listed) -> Option<RowFile> {
    let is_state = listed.name.ends_with(ENDING) && !listed.name.contains('/');
    is_state.then(|| RowFile { key: format!("{}/{}", folder(format), listed.name), bytes: listed.bytes })
}

/// What orders two states by their keys: the moment and the number of runs, the newer the smaller.
pub(super) fn order(key: &str) -> Option<&str> {
    let name = key.rsplit('/').next()?;
    name.get(..24).filter(|order| order.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}
