//! The run that a page was written after, as the page's head names it.
//!
//! **Invariant:** what `Display` writes is what [`RunStamp::of_page`] reads.

use std::fmt;

use jiff::Timestamp;

use crate::domain::RunId;

/// What stands before the stamp of a page.
const NAME: &str = "name=\"rolecall-run\" content=\"";
/// The first bytes of a page, which have its stamp.
const HEAD: usize = 4096;

/// A run with the times that order pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunStamp {
    pub run_id: RunId,
    /// The start of the run, or of the run that it continues.
    pub started_at: Timestamp,
    pub committed_at: Timestamp,
}

impl RunStamp {
    /// Newer pages are greater.
    pub(crate) fn age(&self) -> (Timestamp, Timestamp) {
        (self.started_at, self.committed_at)
    }

    /// The stamp of a page. `None` if it has none.
    pub(crate) fn of_page(page: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(&page[..page.len().min(HEAD)]).into_owned();
        let (_, rest) = head.split_once(NAME)?;
        let (stamp, _) = rest.split_once('"')?;
        let mut words = stamp.split(' ');
        let run_id = words.next()?.parse().ok()?;
        let mut time = || words.next()?.parse().ok();
        Some(Self { run_id, started_at: time()?, committed_at: time()? })
    }
}

impl fmt::Display for RunStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.run_id, self.started_at, self.committed_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_is_written() {
        let stamp = RunStamp {
            run_id: "nightly.r1".parse().unwrap(),
            started_at: "2026-11-29T03:00:00Z".parse().unwrap(),
            committed_at: "2026-11-29T03:04:05.678Z".parse().unwrap(),
        };
        let page = format!("<!doctype html><meta {NAME}{stamp}\">{}", "x".repeat(10_000));
        assert_eq!(RunStamp::of_page(page.as_bytes()), Some(stamp));
        for other in
            ["", "<html>", "<meta name=\"rolecall-run\" content=\"\">", "name=\"rolecall-run\" content=\"a b c\""]
        {
            assert_eq!(RunStamp::of_page(other.as_bytes()), None, "{other}");
        }
    }
}
