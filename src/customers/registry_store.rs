//! The registry where it lies, a file or an object of S3: read afresh for every run, and edited so that two people at
//! once lose nothing. And beside it what `make deploy` has published.
//!
//! Knows nothing of what is edited, nor of who may be entered.

use std::time::Duration;

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};

use crate::customers::registry::{Registry, RegistryFile};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::settings::Settings;
use crate::store::{Store, StoreError, split_object};

/// How often an edit is tried while others edit the same file.
const MAX_ATTEMPTS: u32 = 100;
/// The longest wait between two tries.
const MAX_BACKOFF: Duration = Duration::from_millis(250);
/// What was published lies beside the registry.
const PUBLISHED: &str = "published.json";

/// Reads and edits one registry.
#[derive(Clone, Debug)]
pub(crate) struct RegistryStore {
    store: Store,
    name: String,
    address: String,
    partition: &'static str,
}

/// What `make deploy` has published: which role customers are to trust, and where their template lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Published {
    /// The ARN of `backend_role`.
    pub backend_role_arn: String,
    /// Where CloudFormation finds the customer's template.
    pub template_url: String,
    /// The template's SHA-256, in hexadecimal.
    pub template_sha256: String,
}

impl RegistryStore {
    /// The registry that the settings name, of a backend in this partition. Calls nothing.
    pub(crate) fn open(settings: &Settings, config: &SdkConfig, partition: &'static str) -> Result<Self, Error> {
        let address = settings.registry.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidSettings,
                "no registry is set: give --registry or ROLECALL_REGISTRY, a file or s3://bucket/key",
            )
        })?;
        let (place, name) = split_object(&address).map_err(|error| unreadable(&address, &error.to_string()))?;
        let place = if place.is_empty() { "/".to_owned() } else { place };
        let store = Store::open(&place, config, settings.call_timeout, None)
            .map_err(|error| unreadable(&address, &error.to_string()))?;
        Ok(Self { store, name, address, partition })
    }

    /// Where the registry lies.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Reads and validates it.
    pub(crate) async fn read(&self) -> Result<Registry, Error> {
        let object = self.store.read(&self.name).await.map_err(|error| self.unreadable(&error))?;
        let object = object.ok_or_else(|| unreadable(&self.address, "there is nothing there"))?;
        Registry::read(&object.bytes, self.partition).map_err(|errors| invalid(&errors))
    }

    /// The file itself; a new one where there is none.
    pub(crate) async fn file(&self) -> Result<RegistryFile, Error> {
        self.load().await.map(|(file, _)| file)
    }

    async fn load(&self) -> Result<(RegistryFile, Option<String>), Error> {
        let Some(object) = self.store.read(&self.name).await.map_err(|error| self.unreadable(&error))? else {
            return Ok((RegistryFile::new(), None));
        };
        // Only what is in order is edited: its form is then that of the file's own type.
        Registry::read_allowing_empty(&object.bytes, self.partition).map_err(|errors| invalid(&errors))?;
        let file = serde_json::from_slice(&object.bytes)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("{}: {error}", self.address)))?;
        Ok((file, Some(object.etag)))
    }

    /// Changes the registry, again from what is there by then whenever somebody else was faster. What the change would
    /// make of it is validated before it is written; where it changes nothing, nothing is written.
    pub(crate) async fn update<T>(
        &self,
        mut change: impl FnMut(&mut RegistryFile) -> Result<T, ValidationErrors>,
    ) -> Result<T, Error> {
        let refused = |errors: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &errors);
        for _ in 0..MAX_ATTEMPTS {
            let (before, tag) = self.load().await?;
            let mut after = before.clone();
            let outcome = change(&mut after).map_err(refused)?;
            if after == before {
                return Ok(outcome);
            }
            let text = after.to_json();
            Registry::read_allowing_empty(text.as_bytes(), self.partition).map_err(refused)?;
            let written = self.store.put_if_match(&self.name, text.clone().into(), tag.as_deref()).await;
            if written.map_err(|error| self.not_writable(&error.to_string()))? || self.holds(&text).await? {
                return Ok(outcome);
            }
            tokio::time::sleep(MAX_BACKOFF.mul_f64(jitter())).await;
        }
        Err(self.not_writable("others change it all the time: try again"))
    }

    /// Whether this is what lies there: the answer to a write that succeeded may have been lost.
    async fn holds(&self, text: &str) -> Result<bool, Error> {
        let there = self.store.read(&self.name).await.map_err(|error| self.unreadable(&error))?;
        Ok(there.is_some_and(|object| object.bytes == text.as_bytes()))
    }

    /// What was published beside the registry, where anything was.
    pub(crate) async fn published(&self) -> Result<Option<Published>, Error> {
        let Some(object) = self.store.read(PUBLISHED).await.map_err(|error| self.unreadable(&error))? else {
            return Ok(None);
        };
        let place = self.store.address(PUBLISHED);
        serde_json::from_slice(&object.bytes)
            .map(Some)
            .map_err(|error| unreadable(&place, &format!("it is not what `make deploy` writes: {error}")))
    }

    fn unreadable(&self, error: &StoreError) -> Error {
        unreadable(&self.address, &error.to_string())
    }

    fn not_writable(&self, what: &str) -> Error {
        let message = format!(
            "the registry {} cannot be written: {what}. It is written with your own credentials, since backend_role may \
             only read it",
            self.address
        );
        Error::new(ErrorKind::RegistryNotWritable, message)
    }
}

fn unreadable(address: &str, what: &str) -> Error {
    Error::new(ErrorKind::RegistryUnreadable, format!("the registry {address} cannot be read: {what}"))
}

fn invalid(errors: &ValidationErrors) -> Error {
    Error::of(ErrorKind::InvalidRegistry, errors)
}

/// A number from 0 to 1, so that those who were refused together do not come again together.
fn jitter() -> f64 {
    let digits = crate::domain::new_attempt_id();
    f64::from(u32::from_str_radix(&digits, 16).unwrap_or_default()) / f64::from(u32::MAX)
}
