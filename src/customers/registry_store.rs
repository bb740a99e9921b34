//! Reads and edits the stored registry, a local file or an S3 object. Conditional writes keep concurrent edits from
//! losing each other. Every run reads the registry again.
//!
//! `published.json`, which `make deploy` writes, is stored next to the registry and is read here too.
//!
//! **Invariant:** knows neither what an edit changes nor which accounts a run may enter.

use std::time::Duration;

use aws_config::SdkConfig;

use crate::customers::published::Published;
use crate::customers::registry::{Registry, RegistryFile};
use crate::domain::AccountId;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::settings::Settings;
use crate::store::{Store, StoreError, split_object};

/// The number of attempts at an edit while others edit the same file.
const MAX_ATTEMPTS: u32 = 100;
/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = Duration::from_millis(250);
/// The largest registry that is read or written, in bytes.
const MAX_BYTES: usize = 128 << 20;
/// The file next to the registry that `make deploy` writes.
const PUBLISHED: &str = "published.json";

/// What became of targets that were to be enabled or disabled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TargetSwitch {
    /// The targets that the edit enabled or disabled. Those that were so already are not among them.
    pub switched: Vec<AccountId>,
    /// The targets that were skipped, since they were removed or their access was changed meanwhile.
    pub changed_meanwhile: Vec<AccountId>,
    /// The targets of the registry that are enabled now.
    pub enabled: usize,
}

/// The error of a command that needs a registry.
pub(crate) const NO_REGISTRY: &str =
    "no registry is set: give --registry or ROLECALL_REGISTRY, a file or s3://bucket/key";

/// Reads and edits one registry.
#[derive(Clone, Debug)]
pub(crate) struct RegistryStore {
    store: Store,
    name: String,
    address: String,
    partition: &'static str,
}

impl RegistryStore {
    /// Creates a store for the registry in the settings, of a backend in this partition. It makes no calls.
    pub(crate) fn open(settings: &Settings, config: &SdkConfig, partition: &'static str) -> Result<Self, Error> {
        let address = settings.registry.clone().ok_or_else(|| Error::new(ErrorKind::InvalidSettings, NO_REGISTRY))?;
        let (place, name) = split_object(&address).map_err(|error| unreadable(&address, &error.to_string()))?;
        let store = Store::open(&place, config, settings.call_timeout, None)
            .map_err(|error| unreadable(&address, &error.to_string()))?;
        // The file has the external IDs of all customers.
        Ok(Self { store: store.private(), name, address, partition })
    }

    /// Returns the address of the registry.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Reads and validates the registry.
    pub(crate) async fn read(&self) -> Result<Registry, Error> {
        let object = self.store.read(&self.name).await.map_err(|error| self.unreadable(&error))?;
        let object = object.ok_or_else(|| self.missing())?;
        self.require_size(object.bytes.len())?;
        Registry::read(&object.bytes, self.partition).map_err(|errors| invalid(&errors))
    }

    /// Returns the file as it is edited. A missing one is an error: its address may be a mistake.
    pub(crate) async fn existing_file(&self) -> Result<RegistryFile, Error> {
        let (file, tag) = self.load().await?;
        if tag.is_some() { Ok(file) } else { Err(self.missing()) }
    }

    async fn load(&self) -> Result<(RegistryFile, Option<String>), Error> {
        let Some(object) = self.store.read(&self.name).await.map_err(|error| self.unreadable(&error))? else {
            return Ok((RegistryFile::new(), None));
        };
        self.require_size(object.bytes.len())?;
        // Only a valid file is edited: validation ensures that `RegistryFile` can hold it.
        Registry::read_allowing_empty(&object.bytes, self.partition).map_err(|errors| invalid(&errors))?;
        let file = serde_json::from_slice(&object.bytes)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("{}: {error}", self.address)))?;
        Ok((file, Some(object.etag)))
    }

    /// Changes a registry that exists. After a concurrent edit, it applies the change again to the newer file. The result is
    /// validated before it is written. A change without effect writes nothing.
    pub(crate) async fn edit<T>(
        &self,
        change: impl FnMut(&mut RegistryFile) -> Result<T, ValidationErrors>,
    ) -> Result<T, Error> {
        self.change(false, change).await
    }

    /// Changes the registry like [`Self::edit`]. If there is none, it makes one and says so.
    pub(crate) async fn update<T>(
        &self,
        change: impl FnMut(&mut RegistryFile) -> Result<T, ValidationErrors>,
    ) -> Result<T, Error> {
        self.change(true, change).await
    }

    /// Enables or disables targets whose access is still the one in `known`, the registry that led to this decision.
    pub(crate) async fn switch(
        &self,
        known: &Registry,
        accounts: &[AccountId],
        enabled: bool,
    ) -> Result<TargetSwitch, Error> {
        self.edit(|file| {
            let now = Registry::read_allowing_empty(file.to_json().as_bytes(), self.partition)?;
            let is_same = |account: &&AccountId| match (known.target(account), now.target(account)) {
                // What was checked is not what a run would read now.
                (Some(known), Some(now)) if enabled && known.resources != now.resources => false,
                (Some(known), Some(now)) => known.has_same_access(now),
                _ => false,
            };
            let (same, changed): (Vec<&AccountId>, Vec<&AccountId>) = accounts.iter().partition(is_same);
            let same: Vec<AccountId> = same.into_iter().cloned().collect();
            let switched = file.set_enabled(&same, enabled)?;
            let before = now.targets.iter().filter(|target| target.enabled).count();
            let enabled = if enabled { before + switched.len() } else { before - switched.len() };
            Ok(TargetSwitch { switched, changed_meanwhile: changed.into_iter().cloned().collect(), enabled })
        })
        .await
    }

    async fn change<T>(
        &self,
        may_start: bool,
        mut change: impl FnMut(&mut RegistryFile) -> Result<T, ValidationErrors>,
    ) -> Result<T, Error> {
        let refused = |errors: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &errors);
        for _ in 0..MAX_ATTEMPTS {
            let (before, tag) = self.load().await?;
            if tag.is_none() && !may_start {
                return Err(self.missing());
            }
            let mut after = before.clone();
            let outcome = change(&mut after).map_err(refused)?;
            if after == before {
                return Ok(outcome);
            }
            let text = after.to_json();
            self.require_size(text.len())?;
            Registry::read_allowing_empty(text.as_bytes(), self.partition).map_err(refused)?;
            let written = self.store.put_if_match(&self.name, text.clone().into(), tag.as_deref()).await;
            if written.map_err(|error| self.not_writable(&error.to_string()))? || self.holds(&text).await? {
                if tag.is_none() {
                    tracing::warn!("there was no registry at {}: a new one was made", self.address);
                }
                return Ok(outcome);
            }
            tokio::time::sleep(MAX_BACKOFF.mul_f64(jitter())).await;
        }
        Err(self.not_writable("others keep changing it: try again"))
    }

    /// Refuses a file that takes too much memory to read: about fifteen times its size.
    fn require_size(&self, bytes: usize) -> Result<(), Error> {
        if bytes <= MAX_BYTES {
            return Ok(());
        }
        let what = format!(
            "the registry {} has {bytes} bytes, and at most {MAX_BYTES} are read (about 500,000 targets): divide the targets \
             among several registries",
            self.address
        );
        Err(Error::new(ErrorKind::InvalidRegistry, what))
    }

    /// Returns whether the stored file has this text: the response to a successful write may have been lost.
    async fn holds(&self, text: &str) -> Result<bool, Error> {
        let there = self.store.read(&self.name).await.map_err(|error| self.unreadable(&error))?;
        Ok(there.is_some_and(|object| object.bytes == text.as_bytes()))
    }

    /// Returns what `make deploy` published next to the registry, if anything.
    pub(crate) async fn published(&self) -> Result<Option<Published>, Error> {
        let Some(object) = self.store.read(PUBLISHED).await.map_err(|error| self.unreadable(&error))? else {
            return Ok(None);
        };
        let place = self.store.address(PUBLISHED);
        Published::read(&object.bytes, &place, self.partition).map(Some)
    }

    fn missing(&self) -> Error {
        unreadable(&self.address, "it does not exist (`rolecall onboard` and `rolecall targets add` make one)")
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

/// Returns a random number from 0 to 1, so that writers that collided do not retry at the same time.
fn jitter() -> f64 {
    let digits = crate::domain::new_attempt_id();
    f64::from(u32::from_str_radix(&digits, 16).unwrap_or_default()) / f64::from(u32::MAX)
}
