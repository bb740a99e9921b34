//! Moves `latest.html`: it shows the page of the run that `latest.json` names.
//!
//! **Invariant:** goes forward only. A page that is there is replaced by that of a newer run, and never unread.

use bytes::Bytes;
use serde::Deserialize;

use super::page_keys::{LATEST, LATEST_PAGE};
use crate::answers::report::RunStamp;
use crate::domain::RunId;
use crate::error::{Error, ErrorKind};
use crate::output::documents::OutputDocuments;

/// Attempts at moving it while others move it at the same time.
const ATTEMPTS: u32 = 10;

/// What is read of `latest.json`.
#[derive(Deserialize)]
struct LatestRun {
    run_id: RunId,
}

/// Whether `latest.json` names one of these runs, which continue one another.
pub(super) async fn is_latest(output: &OutputDocuments, chain: &[RunId]) -> Result<bool, Error> {
    let latest: Option<LatestRun> = output.read(LATEST).await?;
    Ok(latest.is_some_and(|latest| chain.contains(&latest.run_id)))
}

/// Puts a page there, unless that of a newer run is there, or this one.
pub(super) async fn replace(output: &OutputDocuments, stamp: &RunStamp, page: Bytes) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let there = output.store().read(LATEST_PAGE).await.map_err(|error| output.error(&error))?;
        if let Some(object) = &there {
            let newest = RunStamp::of_page(&object.bytes).ok_or_else(|| {
                output.unreadable(LATEST_PAGE, "it names no run. It is left as it is: remove it, if it is of no use")
            })?;
            if newest.age() >= stamp.age() {
                return Ok(());
            }
        }
        let etag = there.map(|object| object.etag);
        let written = output.store().put_if_match(LATEST_PAGE, page.clone(), etag.as_deref()).await;
        if written.map_err(|error| output.error(&error))? {
            return Ok(());
        }
    }
    let what = format!("{LATEST_PAGE} was changed {ATTEMPTS} times while this run tried to move it");
    Err(Error::new(ErrorKind::OutputNotWritable, what))
}
