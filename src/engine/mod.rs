//! Carries out runs, from the request to the committed manifest: plan, collect, report.

mod fan_out;
mod plan;
mod collect;
mod report;
mod run;

pub(crate) use collect::{EnabledRegions, Job, RegionQuery, called_region, jobs};
pub(crate) use plan::{
    Basis, OrganizationListing, Plan, PlannedAccount, RegionChoice, Selection, SharedTypes, TargetFlags, select,
};
pub(crate) use report::{
    Accepted, AskedRun, Chain, Completeness, Manifest, RefusedRequest, RunNotice, TrustSummary, advice,
};
pub use report::{AccountSummary, ChangesSummary, Disabling, PageWriting, PagesSummary, Recording, Response};
pub use run::{
    Engine, GivenTargets, NoopObserver, Observer, PlanStepOutput, ReduceStepOutput, RequestDraft, RunHistory,
    RunRequest, Steps, StopCondition,
};
pub(crate) use run::{Lease, RecordedRun, RemainingWork, RunStatus, prepare};
