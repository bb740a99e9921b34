//! Carries out runs, from the request to the committed manifest: plan, collect, report.

mod fan_out;
mod plan;
mod collect;
mod report;
mod run;

pub(crate) use collect::{EnabledRegions, Job, RegionQuery, jobs};
pub(crate) use plan::{Basis, OrganizationListing, PlannedAccount, RegionChoice, Selection, SharedTypes, select};
pub use report::{AccountSummary, ChangesSummary, Disabling, PageWriting, PagesSummary, Recording, Response};
pub(crate) use report::{Chain, Completeness, Manifest, RunNotice, TrustSummary, advice};
pub use run::{
    Engine, NoopObserver, Observer, PlanStepOutput, ReduceStepOutput, RequestDraft, RunHistory, RunRequest, Steps,
    StopCondition,
};
pub(crate) use run::{Lease, RecordedRun, RemainingWork, RunStatus, prepare};
