//! From a request to a selection: the registry read and validated, everything refused that must be,
//! before anything is written or any customer called.

use jiff::Timestamp;

use super::{Engine, RunRequest};
use crate::catalogue::Catalogue;
use crate::customers::Registry;
use crate::customers::RegistryStore;
use crate::engine::plan::{Basis, Plan, Selection, select};
use crate::error::{Error, ErrorKind};
use crate::event::Request;

/// A request that is in order.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The resource types.
    pub catalogue: &'static Catalogue,
    /// The registry, validated.
    pub registry: Registry,
    /// What was selected.
    pub selection: Selection,
}

/// Checks everything that can be checked without a call, but for the registry's bucket where it lies in
/// one. Every problem of the request is told at once.
pub(crate) async fn prepare(engine: &Engine, order: &RunRequest) -> Result<Prepared, Error> {
    let catalogue = catalogue()?;
    let mut problems = order.problems.clone();
    let registry = match read_registry(engine).await {
        Ok(registry) => registry,
        // What is wrong with the request is told too.
        Err(refusal) if problems.is_empty() => return Err(refusal),
        Err(refusal) => return Err(Error::new(refusal.kind, format!("{problems}\n{refusal}"))),
    };
    let basis = Basis {
        registry: &registry,
        catalogue,
        partition: engine.backend.partition,
        runtime: engine.runtime,
        format: engine.format()?,
        disabled_too: false,
    };
    let selection = select(&order.request, basis, &mut problems);
    if !problems.is_empty() {
        return Err(Error::of(ErrorKind::InvalidRequest, &problems));
    }
    Ok(Prepared { catalogue, registry, selection })
}

/// The catalogue, which can only be wrong by a mistake of ours.
pub(super) fn catalogue() -> Result<&'static Catalogue, Error> {
    Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))
}

/// Reads and validates the registry, afresh for every run.
pub(super) async fn read_registry(engine: &Engine) -> Result<Registry, Error> {
    RegistryStore::open(&engine.settings, &engine.backend.config, engine.backend.partition.name)?.read().await
}

/// A run id names one request. Another one under the same name would be answered with what it did not
/// ask for, so it is refused.
pub(super) fn same_request(plan: &Plan, request: &Request) -> Result<(), Error> {
    let bare = |request: &Request| Request {
        run_id: None,
        scheduled_at: None,
        inline: false,
        format: None,
        ..request.clone()
    };
    if bare(&plan.request) == bare(request) {
        return Ok(());
    }
    let message = format!(
        "run {} was begun at {} by another request: give this one a run_id of its own",
        plan.run_id,
        plan.started_at.round(jiff::Unit::Second).unwrap_or(Timestamp::UNIX_EPOCH)
    );
    Err(Error::new(ErrorKind::RunIdTaken, message))
}
