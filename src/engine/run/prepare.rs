//! Validates a request: reads the registry, selects accounts and resource types, and reports all problems together.
//!
//! **Invariant:** writes nothing and enters no account to inventory it. The only calls read the registry from its bucket and list
//! the registry's organizations, which an invalid request does not.

use jiff::Timestamp;
use tokio::time::Instant;

use super::organizations::{self, ListedOrganizations};
use super::run_store::RunStore;
use super::{Engine, RequestDraft};
use crate::catalogue::Catalogue;
use crate::customers::{Registry, RegistryStore};
use crate::domain::AccountId;
use crate::engine::plan::{Basis, Plan, Selection, check_globs, select};
use crate::error::{Error, ErrorKind};
use crate::event::Request;

/// A valid request, with what it selects.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub catalogue: &'static Catalogue,
    pub registry: Registry,
    pub request: Request,
    pub selection: Selection,
    /// The organizations of the registry, as they were listed for it.
    pub organizations: ListedOrganizations,
}

/// The most accounts that a warning names.
const MAX_NAMED: usize = 10;

impl Prepared {
    /// Returns the selected accounts whose external IDs can be guessed.
    pub(crate) fn guessable_accounts(&self) -> Vec<&AccountId> {
        let is_guessable =
            |account: &&AccountId| self.registry.target(account).is_some_and(|target| target.guessable().is_some());
        self.selection.accounts.iter().map(|planned| &planned.account_id).filter(is_guessable).collect()
    }

    /// Logs which external IDs can be guessed. One customer does not stop the run of the others. The reasons stay out of the
    /// log: some of them nearly say the ID.
    pub(super) fn warn_of_guessable_external_ids(&self) {
        let accounts = self.guessable_accounts();
        if !accounts.is_empty() {
            let named: Vec<&str> = accounts.iter().take(MAX_NAMED).map(|account| account.as_str()).collect();
            tracing::warn!(
                count = accounts.len(),
                accounts = named.join(" "),
                "external IDs of these accounts can be guessed: `rolecall check` says why and what to do"
            );
        }
    }
}

/// Turns a draft into a valid request and its selection, or returns every problem of the request, the registry and the
/// selection at once. The session name is that of the roles that list organizations.
///
/// `deadline` is when the run has to end: a listing of organizations takes a part of the time until then.
pub(crate) async fn prepare(
    engine: &Engine,
    draft: RequestDraft,
    session_name: String,
    deadline: Option<Instant>,
) -> Result<Prepared, Error> {
    let catalogue = catalogue()?;
    let (request, mut problems) = draft.into_parts();
    let mut registry = match read_registry(engine).await {
        Ok(registry) => registry,
        Err(error) if problems.is_empty() => return Err(error),
        // The problems of the request are reported with those of the registry.
        Err(error) => return Err(Error::new(error.kind, format!("{problems}\n{error}"))),
    };
    // Without the organizations it is not known which accounts are targets, and an invalid request is not worth listing them.
    if !registry.organizations.is_empty() {
        check_globs(&request, catalogue, engine.backend.partition, &mut problems);
        if !problems.is_empty() {
            return Err(Error::of(ErrorKind::InvalidRequest, &problems));
        }
    }
    // A command that plans needs no output. A run without one is refused elsewhere.
    let store = RunStore::open(engine).ok();
    let organizations = organizations::list(engine, store.as_ref(), &mut registry, (session_name, deadline)).await?;
    let basis = Basis {
        registry: &registry,
        catalogue,
        partition: engine.backend.partition,
        runtime: engine.runtime,
        format: engine.format()?,
        disabled_too: false,
    };
    let selection = select(&request, basis, &mut problems);
    if !problems.is_empty() {
        if !registry.targets.iter().any(|target| target.enabled) {
            organizations.tell_unregistered(&mut problems);
        }
        // An account that is missing for a failed listing is no mistake of the request: another attempt may find it.
        let kind = match organizations.explain(&mut problems) {
            true => ErrorKind::RegistryUnreadable,
            false => ErrorKind::InvalidRequest,
        };
        return Err(Error::of(kind, &problems));
    }
    Ok(Prepared { catalogue, registry, request, selection, organizations })
}

/// Returns the catalogue. It is invalid only by a mistake in rolecall itself.
pub(super) fn catalogue() -> Result<&'static Catalogue, Error> {
    Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))
}

/// Reads and validates the registry, unless the command line names the targets. Every run reads it afresh.
pub(super) async fn read_registry(engine: &Engine) -> Result<Registry, Error> {
    if let Some(given) = &engine.given {
        return Ok(given.registry.clone());
    }
    RegistryStore::open(&engine.settings, &engine.backend.config, engine.backend.partition.name)?.read().await
}

impl Engine {
    /// Refuses a request whose run id belongs to a different request. Its caller would get the result of the other one.
    pub(super) fn refuse_other_request(&self, plan: &Plan, request: &Request) -> Result<(), Error> {
        let comparable = |request: &Request| Request {
            run_id: None,
            scheduled_at: None,
            inline: false,
            format: None,
            ..request.clone()
        };
        let same_format =
            request.format == plan.request.format || request.format.unwrap_or(self.format()?) == plan.format;
        if same_format && comparable(&plan.request) == comparable(request) {
            return Ok(());
        }
        let message = format!(
            "run {} was begun at {} by another request: give this one a run_id of its own",
            plan.run_id,
            plan.started_at.round(jiff::Unit::Second).unwrap_or(Timestamp::UNIX_EPOCH)
        );
        Err(Error::new(ErrorKind::RunIdTaken, message))
    }
}
