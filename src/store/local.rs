//! A local folder as an object store, with the same guarantees as S3.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{Object, PutOutcome, StoreError};

/// The ending of files that are not complete yet.
const PARTIAL: &str = ".partial";

/// A local folder. It is created by the first write.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let path = self.path(key);
        match fs::read(&path).await {
            Ok(bytes) => Ok(Some(Object { etag: etag(&bytes), bytes: bytes.into() })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error_at(&path, error)),
        }
    }

    pub(super) async fn holds_any(&self, folder: &str) -> Result<bool, StoreError> {
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            let mut entries = match fs::read_dir(&folder).await {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error_at(&folder, error)),
            };
            while let Some(entry) = entries.next_entry().await.map_err(|error| error_at(&folder, error))? {
                let kind = entry.file_type().await.map_err(|error| error_at(&folder, error))?;
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if !entry.file_name().as_encoded_bytes().ends_with(PARTIAL.as_bytes()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    pub(super) async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        let mut upload = self.upload(key);
        match upload.write(bytes).await {
            Ok(()) => upload.finish().await,
            Err(error) => {
                upload.abort().await;
                Err(error)
            }
        }
    }

    pub(super) async fn put_if_match(&self, key: &str, bytes: Bytes, etag: Option<&str>) -> Result<bool, StoreError> {
        let Some(etag) = etag else { return Ok(self.put_if_absent(key, bytes).await? == PutOutcome::Created) };
        // A symbolic link stays: the file that it points at is replaced.
        let path = fs::canonicalize(self.path(key)).await.unwrap_or_else(|_| self.path(key));
        // The lock is held until the new file has replaced the old one. A waiting writer then finds another file there.
        let Some(_lock) = lock_file(&path).await? else { return Ok(false) };
        if self.read(key).await?.is_none_or(|object| object.etag != etag) {
            return Ok(false);
        }
        let mut upload = LocalUpload { path: path.clone(), file: None };
        if let Err(error) = upload.write(bytes).await {
            upload.abort().await;
            return Err(error);
        }
        let Some((partial, mut file)) = upload.file.take() else { return Ok(false) };
        // The permissions of the old file are kept.
        let replaced = async {
            file.flush().await?;
            file.sync_all().await?;
            fs::set_permissions(&partial, fs::metadata(&path).await?.permissions()).await?;
            fs::rename(&partial, &path).await
        };
        if let Err(error) = replaced.await {
            let _ = fs::remove_file(&partial).await;
            return Err(error_at(&path, error));
        }
        Ok(true)
    }

    pub(super) fn upload(&self, key: &str) -> LocalUpload {
        LocalUpload { path: self.path(key), file: None }
    }
}

/// Locks a file among all processes of the machine. Returns `None` if the file was replaced or removed while it waited.
async fn lock_file(path: &Path) -> Result<Option<std::fs::File>, StoreError> {
    let lock = {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            let file = std::fs::File::open(&path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(same_file(&file, &path)?.then_some(file))
        })
    };
    match lock.await {
        Ok(Ok(locked)) => Ok(locked),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Ok(Err(error)) => Err(error_at(path, error)),
        Err(error) => Err(error_at(path, std::io::Error::other(error))),
    }
}

/// Returns true if the opened file still has this name.
fn same_file(file: &std::fs::File, path: &Path) -> std::io::Result<bool> {
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

/// A file that is being written under a temporary name in the folder of its final name.
#[derive(Debug)]
pub struct LocalUpload {
    path: PathBuf,
    file: Option<(PathBuf, fs::File)>,
}

impl LocalUpload {
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.open().await?.write_all(&bytes).await.map_err(|error| error_at(&path, error))
    }

    pub(super) async fn finish(mut self) -> Result<PutOutcome, StoreError> {
        self.open().await?;
        let Some((partial, mut file)) = self.file.take() else { return Ok(PutOutcome::AlreadyExists) };
        let flushed = async {
            file.flush().await?;
            file.sync_all().await
        };
        // A hard link fails if the name exists, so the file appears whole or not at all.
        let linked = match flushed.await {
            Ok(()) => fs::hard_link(&partial, &self.path).await,
            Err(error) => Err(error),
        };
        let _ = fs::remove_file(&partial).await;
        match linked {
            Ok(()) => Ok(PutOutcome::Created),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(PutOutcome::AlreadyExists),
            Err(error) => Err(error_at(&self.path, error)),
        }
    }

    pub(super) async fn abort(mut self) {
        if let Some((partial, file)) = self.file.take() {
            drop(file);
            let _ = fs::remove_file(&partial).await;
        }
    }

    async fn open(&mut self) -> Result<&mut fs::File, StoreError> {
        if self.file.is_none() {
            let folder = self.path.parent().unwrap_or(Path::new(".")).to_owned();
            fs::create_dir_all(&folder).await.map_err(|error| error_at(&folder, error))?;
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            let partial = folder.join(format!(".{name}.{}{PARTIAL}", crate::domain::new_attempt_id()));
            let file = fs::File::create_new(&partial).await.map_err(|error| error_at(&partial, error))?;
            self.file = Some((partial, file));
        }
        self.file.as_mut().map(|(_, file)| file).ok_or_else(|| StoreError::Address("no file".into()))
    }
}

fn error_at(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), what: error.to_string() }
}

fn etag(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
