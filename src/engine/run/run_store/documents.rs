//! Checks documents of runs as they are read: any writer of the output may have written them.
//!
//! A key or a date in them becomes the name of a file that is read or written. **Invariant:** reads and writes nothing.

use jiff::civil::Date;

use crate::domain::RunId;
use crate::engine::plan::{Plan, TargetFlags};
use crate::engine::report::{Manifest, ShardManifest};
use crate::input::quoted;
use crate::output::rows::is_row_key;
use crate::output::sink::WrittenFile;

/// The version of the manifest that this program reads and writes.
const MANIFEST_VERSION: u32 = 1;

/// Checks that the date of a plan is one.
pub(super) fn check_plan(plan: &Plan) -> Result<(), String> {
    // Other texts are dates too, such as 20261121. The keys have this form alone.
    let is_date = plan.dt.parse::<Date>().is_ok_and(|date| date.to_string() == plan.dt);
    if !is_date {
        return Err("its `dt` is no date such as 2026-11-21".to_owned());
    }
    match &plan.given_targets {
        Some(flags) if TargetFlags::read(flags).is_none() => {
            Err("its `given_targets` are no flags that name targets, such as --here".to_owned())
        }
        _ => Ok(()),
    }
}

/// Checks that a manifest has the plan of its run, and names files of this output alone.
pub(super) fn check_manifest(manifest: &Manifest) -> Result<(), String> {
    if manifest.version != MANIFEST_VERSION {
        let version = manifest.version;
        return Err(format!("it has version {version}, and this rolecall reads version {MANIFEST_VERSION}"));
    }
    check_name(&manifest.plan.run_id, &manifest.response.run_id)?;
    check_plan(&manifest.plan)?;
    check_chain(manifest)?;
    check_files(&manifest.files)
}

/// Checks that a manifest names no other runs than the one before and the one after it: a chain ends.
fn check_chain(manifest: &Manifest) -> Result<(), String> {
    let run_id = &manifest.response.run_id;
    if manifest.resumes.as_ref().is_some_and(|before| Some(before) != run_id.resumes().as_ref()) {
        return Err("its `resumes` is not the run that it continues by its name".to_owned());
    }
    let next = manifest.response.remaining.as_ref().and_then(|rest| rest.run_id.as_ref());
    if next.is_some_and(|next| Some(next) != run_id.continuation().as_ref()) {
        return Err("its `remaining` has not the name of the run that continues it".to_owned());
    }
    Ok(())
}

/// Checks that the manifest of a shard is the one of this shard, and names files of this output alone.
pub(super) fn check_shard(manifest: &ShardManifest, (run_id, shard): (&RunId, &str)) -> Result<(), String> {
    check_name(&manifest.run_id, run_id)?;
    if manifest.shard != shard {
        return Err(format!("it is the manifest of another shard than {shard}"));
    }
    check_files(&manifest.files)
}

fn check_name(written: &RunId, run_id: &RunId) -> Result<(), String> {
    if written == run_id { Ok(()) } else { Err(format!("it is the document of another run, {written}")) }
}

fn check_files(files: &[WrittenFile]) -> Result<(), String> {
    match files.iter().find(|file| !is_row_key(&file.key)) {
        None => Ok(()),
        Some(file) => Err(format!("it names a file outside the output's folders of rows: {}", quoted(&file.key))),
    }
}
