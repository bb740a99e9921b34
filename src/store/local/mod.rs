//! A local folder as an object store, with the same guarantees as S3.

mod publish;
mod upload;
mod replace;

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::fs;

use super::{Listed, Object, ObjectRange, PutOutcome, StoreError};
pub(crate) use upload::LocalUpload;

/// The ending of files that are not complete yet.
const PARTIAL: &str = ".partial";
/// Folders below each other that are searched for a file. The layout of an output has four.
const MAX_DEPTH: usize = 8;

/// A local folder. It is created by the first write.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
    is_private: bool,
}

impl LocalStore {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), is_private: false }
    }

    /// Lets only the owner read new files, from their first byte on.
    pub(super) fn private(self) -> Self {
        Self { is_private: true, ..self }
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let path = self.path(key);
        match fs::read(&path).await {
            Ok(bytes) => Ok(Some(Object { etag: etag(&bytes), bytes: bytes.into() })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                refuse_dangling_link(&path).await?;
                Ok(None)
            }
            Err(error) => Err(error_at(&path, &error)),
        }
    }

    /// Links to folders are followed, as readers of the output do.
    pub(super) async fn holds_any(&self, folder: &str) -> Result<bool, StoreError> {
        let mut folders = vec![(self.path(folder), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let mut entries = match fs::read_dir(&folder).await {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    refuse_dangling_link(&folder).await?;
                    continue;
                }
                Err(error) => return Err(error_at(&folder, &error)),
            };
            while let Some(entry) = entries.next_entry().await.map_err(|error| error_at(&folder, &error))? {
                if entry.file_name().as_encoded_bytes().ends_with(PARTIAL.as_bytes()) {
                    continue;
                }
                let path = entry.path();
                match fs::metadata(&path).await {
                    Ok(found) if !found.is_dir() => return Ok(true),
                    Ok(_) if depth < MAX_DEPTH => folders.push((path, depth + 1)),
                    Ok(_) => {}
                    // A file that was removed meanwhile.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => refuse_dangling_link(&path).await?,
                    Err(error) => return Err(error_at(&path, &error)),
                }
            }
        }
        Ok(false)
    }

    pub(super) async fn list(&self, folder: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        let entries = self.entries(folder).await?.into_iter();
        let files = entries.filter(|(_, found)| found.is_file());
        Ok(files.take(most).map(|(name, found)| Listed { name, bytes: found.len() }).collect())
    }

    pub(super) async fn read_range(
        &self,
        key: &str,
        start: u64,
        length: u64,
    ) -> Result<Option<ObjectRange>, StoreError> {
        let path = self.path(key);
        // One step on another thread. With `tokio::fs` each call would be one, and would copy the bytes once more.
        let place = path.clone();
        let read = tokio::task::spawn_blocking(move || read_part(&place, start, length)).await;
        match read.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(range) => Ok(Some(range)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                refuse_dangling_link(&path).await?;
                Ok(None)
            }
            Err(error) => Err(error_at(&path, &error)),
        }
    }

    /// Links to folders are followed, as readers of the output do.
    pub(super) async fn list_below(&self, folder: &str, after: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        let mut folders = vec![(String::new(), 0)];
        while let Some((name, depth)) = folders.pop() {
            for entry in self.entries(&format!("{folder}/{name}")).await? {
                let (entry, found) = entry;
                let name = format!("{name}{entry}");
                if found.is_dir() && depth < MAX_DEPTH {
                    folders.push((format!("{name}/"), depth + 1));
                } else if found.is_file() && name.as_str() > after {
                    listed.push(Listed { name, bytes: found.len() });
                }
            }
        }
        listed.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        listed.truncate(most);
        Ok(listed)
    }

    /// What a folder holds, without the files that are being written. A folder that does not exist holds nothing.
    async fn entries(&self, folder: &str) -> Result<Vec<(String, std::fs::Metadata)>, StoreError> {
        let folder = self.path(folder);
        let mut entries = match fs::read_dir(&folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                refuse_dangling_link(&folder).await?;
                return Ok(Vec::new());
            }
            Err(error) => return Err(error_at(&folder, &error)),
        };
        let mut found = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(|error| error_at(&folder, &error))? {
            let Some(name) = entry.file_name().to_str().filter(|name| !name.ends_with(PARTIAL)).map(str::to_owned)
            else {
                continue;
            };
            // A pipe or a device would be read without end, and a file may be removed meanwhile.
            if let Ok(metadata) = fs::metadata(entry.path()).await {
                found.push((name, metadata));
            }
        }
        Ok(found)
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
        let path = match fs::canonicalize(self.path(key)).await {
            Ok(path) => path,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error_at(&self.path(key), &error)),
        };
        // The lock is held until the new file has replaced the old one. A waiting writer then finds another file there.
        let Some(_lock) = replace::lock(&path).await? else { return Ok(false) };
        if self.read(key).await?.is_none_or(|object| object.etag != etag) {
            return Ok(false);
        }
        replace::replace(&path, bytes).await?;
        Ok(true)
    }

    pub(super) fn upload(&self, key: &str) -> LocalUpload {
        LocalUpload::new(self.path(key), self.is_private)
    }
}

/// Reads a part of a file.
fn read_part(path: &Path, start: u64, length: u64) -> std::io::Result<ObjectRange> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(start))?;
    // Whoever asks may be wrong about the length.
    let length = length.min(size.saturating_sub(start));
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(std::io::Error::other)?);
    file.take(length).read_to_end(&mut bytes)?;
    Ok(ObjectRange { bytes: bytes.into(), size })
}

/// Refuses a link to nothing: it would be read as missing, and could not be created as if it were.
async fn refuse_dangling_link(path: &Path) -> Result<(), StoreError> {
    // Any part of the path may be the link.
    for part in path.ancestors() {
        match fs::read_link(part).await {
            Ok(target) if fs::metadata(part).await.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) => {
                let what = format!("is a symbolic link to {}, which does not exist", target.display());
                return Err(StoreError::File { path: part.display().to_string(), what });
            }
            _ => {}
        }
    }
    Ok(())
}

fn error_at(path: &Path, error: &std::io::Error) -> StoreError {
    let advice = match error.kind() {
        std::io::ErrorKind::NotADirectory => ". A part of this path is a file, and would have to be a folder",
        std::io::ErrorKind::StorageFull => ". Nothing is committed without its whole content",
        _ => "",
    };
    StoreError::File { path: path.display().to_string(), what: format!("{error}{advice}") }
}

fn etag(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
