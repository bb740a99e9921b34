//! A file that is written under a temporary name, and appears under its own name when it is whole.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{PARTIAL, error_at, publish};
use crate::store::{PutOutcome, StoreError};

/// Characters of a file's name in its temporary name. A file system takes 255 bytes.
const MAX_NAME_CHARACTERS: usize = 48;

/// A file that is being written under a temporary name in the folder of its final name.
#[derive(Debug)]
pub struct LocalUpload {
    path: PathBuf,
    is_private: bool,
    file: Option<(PathBuf, fs::File)>,
}

impl LocalUpload {
    pub(super) fn new(path: PathBuf, is_private: bool) -> Self {
        Self { path, is_private, file: None }
    }

    pub(in crate::store) async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.open().await?.write_all(&bytes).await.map_err(|error| error_at(&path, &error))
    }

    pub(in crate::store) async fn finish(mut self) -> Result<PutOutcome, StoreError> {
        let path = self.path.clone();
        let partial = self.close().await?;
        let published = publish::publish(&partial, &path).await;
        let _ = fs::remove_file(&partial).await;
        published.map_err(|error| error_at(&path, &error))
    }

    pub(in crate::store) async fn abort(mut self) {
        if let Some((partial, file)) = self.file.take() {
            drop(file);
            let _ = fs::remove_file(&partial).await;
        }
    }

    /// Closes the file when the disk has its whole content, and returns its temporary name. After an error nothing
    /// remains.
    pub(super) async fn close(&mut self) -> Result<PathBuf, StoreError> {
        self.open().await?;
        let (partial, mut file) = self.file.take().ok_or_else(|| StoreError::Address("no file".into()))?;
        let flushed = async {
            file.flush().await?;
            file.sync_all().await
        };
        match flushed.await {
            Ok(()) => Ok(partial),
            Err(error) => {
                let _ = fs::remove_file(&partial).await;
                Err(error_at(&self.path, &error))
            }
        }
    }

    async fn open(&mut self) -> Result<&mut fs::File, StoreError> {
        if self.file.is_none() {
            let folder = match self.path.parent() {
                Some(folder) if folder != Path::new("") => folder.to_owned(),
                _ => PathBuf::from("."),
            };
            fs::create_dir_all(&folder).await.map_err(|error| error_at(&folder, &error))?;
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            let name: String = name.chars().take(MAX_NAME_CHARACTERS).collect();
            let partial = folder.join(format!(".{name}.{}{PARTIAL}", crate::domain::new_attempt_id()));
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            if self.is_private {
                options.mode(0o600);
            }
            let file = options.open(&partial).await.map_err(|error| error_at(&partial, &error))?;
            self.file = Some((partial, file));
        }
        self.file.as_mut().map(|(_, file)| file).ok_or_else(|| StoreError::Address("no file".into()))
    }
}
