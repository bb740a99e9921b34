//! Replaces a file that only one process at a time may replace.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::fs;
use tokio::time::Instant;

use super::{LocalUpload, error_at};
use crate::store::StoreError;

/// The time to wait for a lock that another process holds. Each holds it for one write.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two attempts at a lock.
const PAUSE: Duration = Duration::from_millis(10);

/// Locks a file among all processes. Returns `None` if the file was replaced or removed while it waited.
pub(super) async fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    let begun = Instant::now();
    loop {
        let attempt = {
            let path = path.to_owned();
            tokio::task::spawn_blocking(move || try_lock(&path))
        };
        match attempt.await.map_err(Error::other).and_then(|attempt| attempt) {
            Ok(locked) => return Ok(locked),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let what = format!("another process has locked it for {} s", PATIENCE.as_secs());
                return Err(StoreError::File { path: path.display().to_string(), what });
            }
            Err(error) => return Err(error_at(path, &error)),
        }
    }
}

/// Tries to lock a file. Fails with `WouldBlock` if another process has locked it.
fn try_lock(path: &Path) -> Result<Option<File>, Error> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(same_file(&file, path)?.then_some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::other(format!(
            "it cannot be locked against other writers ({error}), and was left as it is. Some network file systems have \
             no locks, or need a lock service or a mount option for them: use a folder of another file system, or s3://"
        ))),
    }
}

/// Opens a file to lock it. NFS and EFS lock only what is open for writing.
fn open(path: &Path) -> Result<File, Error> {
    match File::options().read(true).write(true).open(path) {
        // The folder decides whether a file can be replaced, and not the file.
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            File::open(path)
        }
        opened => opened,
    }
}

/// Returns true if the opened file still has this name.
fn same_file(file: &File, path: &Path) -> Result<bool, Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (opened, named) = (file.metadata()?, std::fs::metadata(path)?);
        Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        Ok(true)
    }
}

/// Replaces a file. The new one is readable by its owner alone until it has the permissions of the old one.
pub(super) async fn replace(path: &Path, bytes: Bytes) -> Result<(), StoreError> {
    let mut upload = LocalUpload::new(path.to_owned(), true);
    if let Err(error) = upload.write(bytes).await {
        upload.abort().await;
        return Err(error);
    }
    let partial = upload.close().await?;
    let replaced = async {
        keep_access(&partial, &fs::metadata(path).await?).await?;
        fs::rename(&partial, path).await
    };
    if let Err(error) = replaced.await {
        let _ = fs::remove_file(&partial).await;
        return Err(error_at(path, &error));
    }
    Ok(())
}

/// Gives a file the owner, the group and the permissions of another one.
async fn keep_access(file: &Path, old: &std::fs::Metadata) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let new = fs::metadata(file).await?;
        // Only root may give a file away, and only a member may set its group. The rest of the access is kept then.
        if new.uid() != old.uid() {
            let _ = chown(file, Some(old.uid()), None);
        }
        if new.gid() != old.gid() {
            let _ = chown(file, None, Some(old.gid()));
        }
    }
    fs::set_permissions(file, old.permissions()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_lock_is_taken_on_a_descriptor_that_can_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latest.json");
        std::fs::write(&path, "1").unwrap();
        let file = open(&path).unwrap();
        let mode = rustix::fs::fcntl_getfl(&file).unwrap();
        assert_eq!(mode & rustix::fs::OFlags::RWMODE, rustix::fs::OFlags::RDWR);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_another_process_keeps_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latest.json");
        std::fs::write(&path, "1").unwrap();
        let held = File::options().read(true).write(true).open(&path).unwrap();
        held.lock().unwrap();
        let refused = lock(&path).await.unwrap_err();
        assert!(refused.to_string().ends_with("latest.json: another process has locked it for 60 s"), "{refused}");
        drop(held);
        assert!(lock(&path).await.unwrap().is_some());
        std::fs::remove_file(&path).unwrap();
        assert!(lock(&path).await.unwrap().is_none());
    }
}
