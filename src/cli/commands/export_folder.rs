//! The folder of an export: files are written beside it, and the folder gets its name when all of them are there.
//!
//! **Invariant:** an export that fails leaves nothing, and no file outside of its folder is touched.

use std::fs::{self, File};
use std::io::{ErrorKind as IoErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::answers::export::{ExportFile, is_inside};
use crate::domain::new_attempt_id;
use crate::error::{Error, ErrorKind};

/// A folder that is being written.
#[derive(Debug)]
pub(super) struct ExportFolder {
    target: PathBuf,
    partial: PathBuf,
}

impl ExportFolder {
    /// Begins a folder. It must be new or empty.
    pub(super) fn begin(target: &Path) -> Result<Self, Error> {
        let refused = |what: String| refused(target, &what);
        // A link stays, and the folder that it names is written.
        let target_path = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        match fs::read_dir(&target_path).map(|entries| entries.count()) {
            Ok(0) => {}
            Ok(_) => return Err(refused("the folder is not empty: name a new one".to_owned())),
            Err(error) if error.kind() == IoErrorKind::NotFound => {}
            Err(error) => return Err(refused(error.to_string())),
        }
        let name = target_path.file_name().ok_or_else(|| refused("it names no folder".to_owned()))?;
        let partial = target_path.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), new_attempt_id()));
        let parent = partial.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let created = fs::create_dir_all(parent).and_then(|()| fs::create_dir(&partial));
        created.map_err(|error| refused(error.to_string()))?;
        Ok(Self { target: target_path, partial })
    }

    /// Writes a file.
    pub(super) fn put(&self, file: &ExportFile) -> Result<(), Error> {
        let path = self.path(&file.path)?;
        let written = File::create_new(&path).and_then(|mut out| {
            out.write_all(&file.bytes)?;
            out.sync_data()
        });
        written.map_err(|error| refused(&self.target, &format!("{}: {error}", file.path)))
    }

    /// The path of a file, for a writer of its own. Its folder is created.
    pub(super) fn path(&self, path: &str) -> Result<PathBuf, Error> {
        if !is_inside(path) {
            // Formats make no such path. If one did, no file would be written for it.
            return Err(refused(&self.target, &format!("`{path}` would lead out of the folder")));
        }
        let path = self.partial.join(path);
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.map_err(|error| refused(&self.target, &error.to_string()))?;
        Ok(path)
    }

    /// Gives the folder its name.
    pub(super) fn finish(self) -> Result<(), Error> {
        // An empty folder of this name is replaced. One that got files in the meantime is not.
        fs::rename(&self.partial, &self.target).map_err(|error| refused(&self.target, &error.to_string()))
    }
}

impl Drop for ExportFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.partial);
    }
}

fn refused(folder: &Path, what: &str) -> Error {
    Error::new(ErrorKind::OutputNotWritable, format!("{}: {what}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> ExportFile {
        ExportFile { path: path.to_owned(), bytes: b"x".to_vec() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_folder_appears_as_a_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("new/out");
        let folder = ExportFolder::begin(&target).unwrap();
        folder.put(&file("a/b.txt")).unwrap();
        assert!(!target.exists());
        // Two files of one name are a mistake, and the second one is refused.
        assert!(folder.put(&file("a/b.txt")).is_err());
        for outside in ["../x", "/x", "a/../../x", "a//b", ""] {
            assert!(folder.put(&file(outside)).is_err(), "{outside}");
        }
        folder.finish().unwrap();
        assert_eq!(fs::read(target.join("a/b.txt")).unwrap(), b"x");
        assert!(ExportFolder::begin(&target).unwrap_err().message.contains("not empty"));
        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        let folder = ExportFolder::begin(&other).unwrap();
        folder.put(&file("a")).unwrap();
        drop(folder);
        assert_eq!(names(&other), Vec::<String>::new());
        let folder = ExportFolder::begin(&other).unwrap();
        folder.put(&file("a")).unwrap();
        fs::write(other.join("mine"), "y").unwrap();
        assert!(folder.finish().is_err());
        assert_eq!(names(&other), ["mine"]);
        assert_eq!(names(parent.path()).len(), 2);
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "y").unwrap();
        assert!(ExportFolder::begin(&path).is_err());
        assert!(ExportFolder::begin(Path::new("/")).is_err());
        assert_eq!(names(parent.path()), ["file"]);
    }
}
