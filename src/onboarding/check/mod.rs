//! Checks customers' roles before anything depends on them: does the role let us in with the external ID, does it refuse us
//! without one and with a wrong one, does it refuse others, which of the planned reads may it make, does it grant more.
//!
//! Reads only, and changes nothing anywhere. What is done with a verdict, such as enabling the target, is not known here.

mod actions;
mod findings;
mod identity;
mod own;
mod role;
mod strangers;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use secrecy::SecretString;
use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use actions::{ProbeOutcome, TypeRow};
pub(crate) use findings::{Finding, Severity};
pub(crate) use identity::Checker;
pub(crate) use strangers::NegativeProbe;

use crate::aws::SessionPolicy;
use crate::aws::{AwsError, AwsErrorKind, Cancellation};
use crate::catalogue::{Catalogue, actions_of, session_policies};
use crate::customers::{OpenedSession, RoleAssumer};
use crate::customers::{Registry, Target, TargetRole, random_external_id};
use crate::domain::RoleArn;
use crate::domain::new_attempt_id;
use crate::domain::{AccountId, Format};
use crate::engine::{Basis, PlannedAccount, select};
use crate::error::{Error, ErrorKind};
use crate::event::Request;
use crate::input::ValidationErrors;
use crate::settings::Runtime;
use actions::{ReadProbes, by_type};

/// How long a new role, or a change to one, takes to be known everywhere in IAM: usually seconds.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(90);
/// The permissions of a role that lets us in follow within so long.
const SETTLES: Duration = Duration::from_secs(20);
/// The waits between attempts.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
/// Accounts that are checked side by side. Most of them only wait for a role that is not there yet.
const SIDE_BY_SIDE: usize = 128;

/// How it is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckOptions {
    /// How long to wait for a role that does not let us in: [`PROPAGATION`] for targets that are not enabled yet, and not
    /// at all for others, where it is not given.
    pub wait: Option<Duration>,
    /// Whether it is tried what should be refused. Each refusal shows in the customer's CloudTrail as AccessDenied.
    pub negative: bool,
}

/// What is told meanwhile.
pub(crate) trait Watcher: Send + Sync {
    /// A role is waited for, since IAM may not know it everywhere yet.
    fn waiting(&self, account_id: &AccountId, longest: Duration);
    /// An account is checked.
    fn checked(&self, target: &Checked);
}

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It can be taken stock of.
    Ready,
    /// Some of what is planned will not be answered.
    Gaps,
    /// The role does not let us in.
    NotEntered,
    /// The role lets in who should not get in, grants writes, or is not the one that is meant.
    Unsafe,
}

/// One target, checked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Checked {
    /// The account.
    pub account_id: AccountId,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role; none where own credentials are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The role that is passed through first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Whether the registry has it enabled.
    pub enabled: bool,
    /// How it stands.
    pub verdict: Verdict,
    /// Whether the role was seen to refuse us without an external ID and with a wrong one; none where that was not tried.
    #[serde(rename = "refuses_strangers")]
    pub strangers: NegativeProbe,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Which planned types may be read where.
    pub types: Vec<TypeRow>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// What all targets of a check share.
struct CheckContext<'a> {
    door: Arc<RoleAssumer>,
    /// Sessions that may read the role itself and nothing else.
    reading: Arc<RoleAssumer>,
    outside: Option<(Arc<RoleAssumer>, &'a str)>,
    catalogue: &'static Catalogue,
    tables: Arc<[usize]>,
    manner: CheckOptions,
    watcher: &'a dyn Watcher,
}

impl Checker {
    /// Checks the targets that a request selects, disabled ones too, side by side.
    pub(crate) async fn check(
        &self,
        request: &Request,
        mut problems: ValidationErrors,
        manner: CheckOptions,
        watcher: &dyn Watcher,
    ) -> Result<Vec<Checked>, Error> {
        let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
        let basis = Basis {
            registry: &self.registry,
            catalogue,
            partition: self.acting.partition,
            runtime: Runtime::Terminal,
            format: Format::Parquet,
            disabled_too: true,
        };
        let selection = select(request, basis, &mut problems);
        if !problems.is_empty() {
            return Err(Error::of(ErrorKind::InvalidRequest, &problems));
        }
        let tables: Arc<[usize]> =
            selection.resources.iter().filter_map(|name| catalogue.find(name)).map(|table| table.index).collect();
        let policies = session_policies(tables.iter().map(|index| catalogue.at(*index)));
        let name = format!("rolecall-check-{}", new_attempt_id());
        let reading = vec![SessionPolicy::of(own::READ_ROLE)];
        let shared = &CheckContext {
            door: RoleAssumer::new(self.acting.clone(), self.identity.clone(), name.clone(), policies),
            reading: RoleAssumer::new(self.acting.clone(), self.identity.clone(), name.clone(), reading),
            outside: self.outsider.as_ref().filter(|_| manner.negative).map(|(backend, identity)| {
                (RoleAssumer::new(backend.clone(), identity.clone(), name.clone(), Vec::new()), identity.arn.as_str())
            }),
            catalogue,
            tables,
            manner,
            watcher,
        };
        let checks = selection.accounts.iter().filter_map(|planned| {
            let target = self.registry.target(&planned.account_id)?;
            Some(async move {
                let checked = self.one(target, planned, shared).await;
                watcher.checked(&checked);
                checked
            })
        });
        let mut checked: Vec<Checked> = futures::stream::iter(checks).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let place = |one: &Checked| selection.accounts.iter().position(|account| account.account_id == one.account_id);
        checked.sort_by_key(place);
        Ok(checked)
    }

    /// Enables targets that were found ready, as they were checked: whoever was changed meanwhile, or removed, is given back
    /// beside those that were enabled.
    pub(crate) async fn enable(&self, ready: &[AccountId]) -> Result<(Vec<AccountId>, Vec<AccountId>), Error> {
        let partition = self.acting.partition.name;
        self.registry_store
            .update(|file| {
                let now = Registry::read_allowing_empty(file.to_json().as_bytes(), partition)?;
                let same = |account: &&AccountId| match (self.registry.target(account), now.target(account)) {
                    (Some(checked), Some(now)) => checked.has_same_access(now),
                    _ => false,
                };
                let (same, changed): (Vec<&AccountId>, Vec<&AccountId>) = ready.iter().partition(same);
                let same: Vec<AccountId> = same.into_iter().cloned().collect();
                Ok((file.set_enabled(&same, true)?, changed.into_iter().cloned().collect()))
            })
            .await
    }

    /// Whom a target's role has to trust: the role on the way, where there is one.
    fn caller_of(&self, target: &Target) -> RoleArn {
        target.via.as_deref().and_then(|via| via.parse().ok()).unwrap_or_else(|| self.role.clone())
    }

    async fn one(&self, target: &Target, planned: &PlannedAccount, shared: &CheckContext<'_>) -> Checked {
        let began = Instant::now();
        let role_arn = match &target.role {
            TargetRole::Assume { role_arn } => Some(role_arn.clone()),
            TargetRole::OwnCredentials => None,
        };
        let caller = self.caller_of(target);
        let patience = shared.manner.wait.unwrap_or(if target.enabled { Duration::ZERO } else { PROPAGATION });
        let mut findings: Vec<Finding> = target.via.as_deref().map(Finding::chained).into_iter().collect();
        let (mut types, mut stranger) = (Vec::new(), NegativeProbe::NotTried);
        match enter(target, patience, shared).await {
            Err(cause) => {
                let role = role_arn.as_deref().unwrap_or("the own account");
                findings.push(Finding::shut(target, &caller, &cause, role));
            }
            Ok(entered) => {
                let reads = self.reads(&entered, target, planned, patience.min(SETTLES), shared).await;
                // Only now, when IAM knows a new role well enough to let its reads through.
                let (strangers, role) = futures::join!(self.strangers(target, shared), self.own_text(target, shared));
                findings.extend(Finding::of_reads(&reads, role_arn.as_deref().unwrap_or_default()));
                stranger = strangers.0;
                findings.extend(strangers.1);
                if let Some(role) = role {
                    let needed: Vec<&str> = actions_of(shared.catalogue.tables().iter())
                        .into_iter()
                        .chain(own::READ_ROLE.iter().copied())
                        .collect();
                    findings.extend(role::of_role(&role, &needed, &caller, target));
                }
                types = reads;
            }
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let verdict = match findings.first().map(|finding| finding.severity) {
            Some(Severity::Unsafe) => Verdict::Unsafe,
            Some(Severity::Shut) => Verdict::NotEntered,
            Some(Severity::Gap) => Verdict::Gaps,
            _ => Verdict::Ready,
        };
        Checked {
            account_id: target.account_id.clone(),
            name: target.name.clone(),
            role_arn,
            via: target.via.clone(),
            enabled: target.enabled,
            verdict,
            strangers: stranger,
            findings,
            types,
            duration_ms: crate::domain::millis(began.elapsed()),
        }
    }

    /// The planned reads. What is denied is asked again while the permissions of a new role may still be on their way.
    async fn reads(
        &self,
        entered: &OpenedSession,
        target: &Target,
        planned: &PlannedAccount,
        settles: Duration,
        shared: &CheckContext<'_>,
    ) -> Vec<TypeRow> {
        let run = CancellationToken::new();
        let stop = Cancellation { account: run.child_token(), run };
        let reads = ReadProbes {
            session: entered.session.clone(),
            account_id: target.account_id.as_str().into(),
            catalogue: shared.catalogue,
            tables: shared.tables.clone(),
            regions: planned.regions.clone(),
            partition: self.acting.partition,
            stop: stop.clone(),
        };
        let until = Instant::now() + settles;
        let asking = async {
            let mut asked = reads.ask().await;
            for pause in PAUSES {
                let denied: Vec<&str> =
                    asked.iter().filter(|one| one.outcome == ProbeOutcome::Denied).map(|one| one.table).collect();
                if denied.is_empty() || Instant::now() + pause > until {
                    break;
                }
                let again: Arc<[usize]> = (reads.tables.iter().copied())
                    .filter(|index| denied.contains(&shared.catalogue.at(*index).entry.table))
                    .collect();
                tokio::time::sleep(pause).await;
                let more = ReadProbes { tables: again, ..reads.clone() }.ask().await;
                asked.retain(|one| !more.iter().any(|new| new.table == one.table));
                asked.extend(more);
            }
            asked
        };
        // When the account's time is up, what was not answered by then is told as not known.
        let timer = tokio::spawn({
            let budget = self.acting.client_config.settings.account_budget;
            async move {
                tokio::time::sleep(budget).await;
                stop.account.cancel();
            }
        });
        let asked = asking.await;
        timer.abort();
        by_type(shared.catalogue, &asked)
    }

    /// Whether the role refuses whom it should refuse: us without the external ID and with a wrong one, and others of the
    /// backend's account.
    async fn strangers(&self, target: &Target, shared: &CheckContext<'_>) -> (NegativeProbe, Vec<Finding>) {
        if target.role == TargetRole::OwnCredentials {
            return (NegativeProbe::NotTried, Vec::new());
        }
        if !shared.manner.negative {
            return (NegativeProbe::NotTried, vec![Finding::not_tried()]);
        }
        let mut findings = Vec::new();
        let mut found = NegativeProbe::NotTried;
        let asks = target.external_id.is_some();
        let caller = self.caller_of(target);
        if asks {
            let wrong = random_external_id().unwrap_or_else(|_| SecretString::from("rolecall-wrong-external-id"));
            let (without, with_wrong) = futures::join!(
                shared.door.try_assume_role(target, None),
                shared.door.try_assume_role(target, Some(wrong))
            );
            found = NegativeProbe::Refused;
            for (what, outcome) in [("without an external ID", without), ("with a wrong external ID", with_wrong)] {
                match outcome {
                    Ok(()) => {
                        found = NegativeProbe::LetIn;
                        findings.push(Finding::lets_in(what, &caller, true));
                    }
                    Err(cause) if cause.kind == AwsErrorKind::Denied => {}
                    Err(cause) => {
                        if found == NegativeProbe::Refused {
                            found = NegativeProbe::NotKnown;
                        }
                        findings.push(Finding::not_known_whether(what, &cause));
                    }
                }
            }
            if found == NegativeProbe::Refused && target.via.is_none() {
                match self.asks_for_external_ids {
                    Some(false) => {}
                    Some(true) => {
                        found = NegativeProbe::NotKnown;
                        findings.push(Finding::refused_on_our_side());
                    }
                    None => findings.push(Finding::perhaps_refused_on_our_side(&self.role)),
                }
            }
        } else {
            findings.push(Finding::no_external_id());
        }
        match &shared.outside {
            Some((door, arn)) if target.via.is_none() => {
                match door.try_assume_role(target, target.external_id.clone()).await {
                    Ok(()) => {
                        let who = format!("as {arn}, which is not backend_role");
                        findings.push(Finding::lets_in(&who, &caller, asks));
                    }
                    Err(cause) => findings.push(Finding::outsider(arn, &cause)),
                }
            }
            outside => findings.push(Finding::outsiders_not_tried(outside.is_some())),
        }
        (found, findings)
    }

    /// What the role says of itself, in a session that may read just that.
    async fn own_text(&self, target: &Target, shared: &CheckContext<'_>) -> Option<Result<own::RoleText, AwsError>> {
        let TargetRole::Assume { role_arn } = &target.role else { return None };
        let role: RoleArn = role_arn.parse().ok()?;
        let entered = match shared.reading.open_session(target).await {
            Ok(entered) => entered,
            Err(cause) => return Some(Err(cause)),
        };
        Some(own::read(&entered.session, self.acting.partition, role.name()).await)
    }
}

/// Enters, and waits for a role that is perhaps too new to be known everywhere.
async fn enter(target: &Target, patience: Duration, shared: &CheckContext<'_>) -> Result<OpenedSession, AwsError> {
    let until = Instant::now() + patience;
    let mut pauses = PAUSES.into_iter().chain(std::iter::repeat(PAUSES[PAUSES.len() - 1]));
    let mut told = false;
    loop {
        let cause = match shared.door.open_session(target).await {
            Err(cause) if cause.kind == AwsErrorKind::Denied => cause,
            outcome => return outcome,
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(cause);
        }
        if !told {
            shared.watcher.waiting(&target.account_id, patience);
            told = true;
        }
        tokio::time::sleep(pauses.next().unwrap_or_default().min(left)).await;
    }
}
