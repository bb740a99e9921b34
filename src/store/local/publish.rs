//! Gives a finished file its name, unless a file of this name exists.

use std::io::{Error, ErrorKind};
use std::path::Path;

use tokio::fs;

use crate::store::PutOutcome;

/// Gives the file `partial` the name `path`. It appears whole or not at all, and replaces nothing. The temporary name
/// may remain.
pub(super) async fn publish(partial: &Path, path: &Path) -> Result<PutOutcome, Error> {
    // A hard link fails if the name exists.
    let no_link = match fs::hard_link(partial, path).await {
        Ok(()) => return Ok(PutOutcome::Created),
        // NFS repeats a request whose response was lost, and then finds the link of the first attempt.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_same(partial, path).await => {
            return Ok(PutOutcome::Created);
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(PutOutcome::AlreadyExists),
        Err(error) => error,
    };
    // exFAT, FAT, most SMB shares and some FUSE file systems have no hard links.
    match rename_if_absent(partial, path).await {
        Ok(()) => Ok(PutOutcome::Created),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(PutOutcome::AlreadyExists),
        Err(error) if matches!(no_link.kind(), ErrorKind::StorageFull | ErrorKind::NotFound) => {
            Err(Error::new(no_link.kind(), format!("{no_link}; {error}")))
        }
        Err(error) => Err(Error::other(format!(
            "the file system has neither hard links ({no_link}) nor a rename that replaces nothing ({error}), so a file \
             could appear before it is whole: use a folder of another file system, or s3://"
        ))),
    }
}

async fn rename_if_absent(partial: &Path, path: &Path) -> Result<(), Error> {
    let (partial, path) = (partial.to_owned(), path.to_owned());
    tokio::task::spawn_blocking(move || {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            renameat_with(CWD, &partial, CWD, &path, RenameFlags::NOREPLACE).map_err(Error::from)
        }
        #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
        {
            let _ = (partial, path);
            Err(Error::from(ErrorKind::Unsupported))
        }
    })
    .await
    .map_err(Error::other)?
}

/// Returns true if both names are of one file.
async fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        match (fs::metadata(one).await, fs::symlink_metadata(other).await) {
            (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_rename_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (partial, path) = (folder.path().join("partial"), folder.path().join("path"));
        std::fs::write(&partial, "1").unwrap();
        rename_if_absent(&partial, &path).await.unwrap();
        std::fs::write(&partial, "2").unwrap();
        let refused = rename_if_absent(&partial, &path).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1");
    }

    #[tokio::test]
    async fn a_repeated_request_finds_its_own_link() {
        let folder = tempfile::tempdir().unwrap();
        let (partial, path) = (folder.path().join("partial"), folder.path().join("path"));
        std::fs::write(&partial, "1").unwrap();
        assert_eq!(publish(&partial, &path).await.unwrap(), PutOutcome::Created);
        assert_eq!(publish(&partial, &path).await.unwrap(), PutOutcome::Created);
        let other = folder.path().join("other");
        std::fs::write(&other, "2").unwrap();
        assert_eq!(publish(&other, &path).await.unwrap(), PutOutcome::AlreadyExists);
    }
}
