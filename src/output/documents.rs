//! JSON documents in the output that are written once, by steps that follow the commit of a run.
//!
//! **Invariant:** replaces nothing. Every error names the output.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::store::{PutOutcome, Store, StoreError};

/// The output, seen as a store of documents.
#[derive(Clone, Debug)]
pub(crate) struct OutputDocuments {
    store: Store,
    /// The output as the settings name it.
    location: String,
}

impl OutputDocuments {
    pub(crate) fn new((store, location): (Store, String)) -> Self {
        Self { store, location }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn error(&self, error: &StoreError) -> Error {
        error.at(&self.location)
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool, Error> {
        let range = self.store.read_range(key, 0, 1).await.map_err(|error| self.error(&error))?;
        Ok(range.is_some())
    }

    /// Creates an object. Returns false if one exists.
    pub(crate) async fn create_bytes(&self, key: &str, bytes: Bytes) -> Result<bool, Error> {
        let outcome = self.store.put_if_absent(key, bytes).await.map_err(|error| self.error(&error))?;
        Ok(outcome == PutOutcome::Created)
    }

    /// Creates a JSON document. Returns false if one exists.
    pub(crate) async fn create(&self, key: &str, document: &impl Serialize) -> Result<bool, Error> {
        let bytes = serde_json::to_vec_pretty(document)
            .map_err(|error| self.error(&StoreError::Address(format!("{key}: {error}"))))?;
        self.create_bytes(key, bytes.into()).await
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let object = self.store.read(key).await.map_err(|error| self.error(&error))?;
        let Some(object) = object else { return Ok(None) };
        serde_json::from_slice(&object.bytes).map(Some).map_err(|error| self.unreadable(key, &error.to_string()))
    }

    /// Refuses the document of another run or part: some file systems take `Nightly` and `nightly` for one name.
    pub(crate) fn require(&self, key: &str, is_own: bool) -> Result<(), Error> {
        if is_own { Ok(()) } else { Err(self.unreadable(key, "it is the document of something else")) }
    }

    pub(crate) fn unreadable(&self, key: &str, what: &str) -> Error {
        Error::new(ErrorKind::OutputUnreadable, format!("{} cannot be read: {what}", self.store.address(key)))
    }

    /// The error for a document that another attempt has written, and that is not there.
    pub(crate) fn gone(&self, key: &str) -> Error {
        self.unreadable(key, "it existed a moment ago, and is not there any more")
    }
}
