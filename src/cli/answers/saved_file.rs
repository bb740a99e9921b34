//! Saves a file as a whole: it is written beside its name and then renamed, so that an older file is replaced, or stays.
//!
//! **Invariant:** knows no format.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::sheet::{AnswerFormat, AnswerSet};
use super::{csv, json};
use crate::domain::new_attempt_id;
use crate::error::{Error, ErrorKind};

/// Saves what a function writes. An older file of this name is replaced.
pub(crate) fn save_file<E: std::fmt::Display + From<std::io::Error>>(
    path: &Path,
    write: impl FnOnce(&File) -> Result<(), E>,
) -> Result<(), Error> {
    let refused = |what: String| Error::new(ErrorKind::OutputNotWritable, format!("{}: {what}", path.display()));
    // A link stays, and the file that it names is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(refused("it exists and is no file".to_owned()));
    }
    let partial = partial(&target).ok_or_else(|| refused("it names no file".to_owned()))?;
    let file = File::create_new(&partial).map_err(|error| refused(error.to_string()))?;
    let saved = write(&file).and_then(|()| {
        file.sync_all()?;
        fs::rename(&partial, &target)?;
        Ok(())
    });
    saved.map_err(|error| {
        let _ = fs::remove_file(&partial);
        refused(error.to_string())
    })
}

/// Saves the rows of an answer as CSV or ndjson.
pub(crate) fn save_rows(set: &AnswerSet, format: AnswerFormat, path: &Path) -> Result<(), Error> {
    save_file::<std::io::Error>(path, |file| {
        let mut out = BufWriter::new(file);
        match format {
            AnswerFormat::Csv => csv::write(set, false, &mut out)?,
            _ => json::write_lines(set, &mut out)?,
        }
        std::io::Write::flush(&mut out)
    })
}

/// A name beside the file.
fn partial(target: &Path) -> Option<PathBuf> {
    let name = target.file_name()?.to_string_lossy();
    Some(target.with_file_name(format!(".{name}.{}.partial", new_attempt_id())))
}
