//! Faults as data: which calls, how often, and what goes wrong.
//!
//! Knows how to choose and count; what a fault does to an answer is carried out by `dispatch` and `reply`.

use super::call::Call;
use super::names::mix;
use super::state::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;

/// A simulated service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    Sts,
    Ec2,
    Route53,
    Iam,
    Account,
    S3,
}

impl Service {
    /// By the name in the credential scope.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        let all = [Self::Sts, Self::Ec2, Self::Route53, Self::Iam, Self::Account, Self::S3];
        all.into_iter().find(|service| service.name() == name)
    }

    /// The name in credential scopes and actions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::Route53 => "route53",
            Self::Iam => "iam",
            Self::Account => "account",
            Self::S3 => "s3",
        }
    }

    /// The namespace of its XML.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Account => "",
            Self::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
        }
    }
}

/// Which of the calls that match are struck.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    Always,
    /// The first n.
    First(u64),
    /// The nth, counted from one, and no other.
    Only(u64),
    /// All but the first n.
    After(u64),
    /// By chance, decided from the seed, the cell and the call's number within it: the same in every run.
    Seeded {
        seed: u64,
        probability: f64,
    },
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum FaultKind {
    /// This error, in the service's form.
    Error { status: u16, code: String, message: String },
    /// The service's refusal for rate.
    Throttle,
    /// The connection is reset before anything is done.
    Reset,
    /// The call is carried out, then the connection is reset.
    ResetAfter,
    /// Carried out; the body ends in its middle, under the right content-length.
    Cut,
    /// Carried out; the body ends in its middle, with nothing to tell it by but the XML.
    CutWithoutLength,
    /// 200 with a body that is none.
    Garbage,
    /// No answer, ever.
    Hang,
    /// Carried out; a byte of the body each time this has passed.
    Drip(Duration),
    /// 200 with no body.
    Empty200,
    /// Denied by the role.
    Denied,
    /// Denied by a service control policy.
    ScpDenied,
    /// Listings give the same token for ever. Strikes paged listings only.
    RepeatToken,
    /// The session used expires now, for good.
    ExpiredSession,
    /// This much later. Other faults may strike besides.
    Latency(Duration),
    /// Not before the fault is lifted, so that a test decides who is first. Other faults may strike besides.
    Held,
    /// The zone asked is deleted now, for good. Strikes calls that name a zone only.
    DeletedZone,
}

impl FaultKind {
    /// An error of this status and code.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::Error { status, code: code.to_owned(), message: format!("Simulated {code}.") }
    }
}

/// A fault. `None` matches everything; an AssumeRole belongs to the account of the role.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub account: Option<String>,
    pub region: Option<String>,
    pub service: Option<Service>,
    pub operation: Option<String>,
    /// A parameter that the call carries.
    pub parameter: Option<String>,
    pub times: Times,
    pub kind: FaultKind,
}

impl Fault {
    /// Strikes every call, until narrowed.
    pub(crate) fn new(kind: FaultKind) -> Self {
        let (account, region, service, operation, parameter) = (None, None, None, None, None);
        Self { account, region, service, operation, parameter, times: Times::Always, kind }
    }

    /// An error of this status and code.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::new(FaultKind::error(status, code))
    }

    pub(crate) fn account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    pub(crate) fn region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    pub(crate) fn service(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    pub(crate) fn operation(self, operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..self }
    }

    pub(crate) fn parameter(self, name: &str) -> Self {
        Self { parameter: Some(name.to_owned()), ..self }
    }

    pub(crate) fn times(self, times: Times) -> Self {
        Self { times, ..self }
    }

    fn matches(&self, call: &Call) -> bool {
        let account = call.target.as_ref().unwrap_or(&call.account);
        let applies = match self.kind {
            FaultKind::DeletedZone => call.zone.is_some(),
            FaultKind::RepeatToken => call.is_paged(),
            _ => true,
        };
        applies
            && self.account.as_ref().is_none_or(|a| a == account)
            && self.region.as_ref().is_none_or(|r| *r == call.region)
            && self.service.is_none_or(|s| s == call.service)
            && self.operation.as_ref().is_none_or(|o| *o == call.operation)
            && self.parameter.as_ref().is_none_or(|name| call.param(name).is_some())
    }
}

/// Names a fault that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultId(usize);

/// A fault and what it has done.
struct ArmedFault {
    fault: Fault,
    matched: u64,
    fired: u64,
    cells: HashMap<u64, u64>,
    /// Whether it strikes no more.
    lifted: watch::Sender<bool>,
}

impl ArmedFault {
    fn fires(&mut self, call: &Call) -> bool {
        self.matched += 1;
        let fires = match self.fault.times {
            Times::Always => true,
            Times::First(n) => self.matched <= n,
            Times::Only(n) => self.matched == n,
            Times::After(n) => self.matched > n,
            Times::Seeded { seed, probability } => {
                let account = call.target.as_ref().unwrap_or(&call.account);
                let cell = [account.as_str(), &call.region, call.service.name(), &call.operation];
                let nth = self.cells.entry(mix(&cell, seed)).or_default();
                *nth += 1;
                let chance = mix(&cell, seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9))) >> 11;
                (chance as f64) / ((1_u64 << 53) as f64) < probability
            }
        };
        self.fired += u64::from(fires);
        fires
    }
}

/// What strikes one call.
#[derive(Default)]
pub(super) struct FaultEffects {
    pub latency: Duration,
    pub kind: Option<FaultKind>,
    held: Vec<watch::Receiver<bool>>,
}

impl FaultEffects {
    /// Returns when the call may be carried out.
    pub(super) async fn passed(&mut self, latency: Duration) {
        let latency = latency + self.latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        for held in &mut self.held {
            // A fault that was taken away holds nobody either.
            let _ = held.wait_for(|lifted| *lifted).await;
        }
    }
}

/// All faults, in the order they were added.
#[derive(Default)]
pub(super) struct Faults {
    armed: Mutex<Vec<ArmedFault>>,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) -> FaultId {
        let mut armed = lock(&self.armed);
        let lifted = watch::Sender::new(false);
        armed.push(ArmedFault { fault, matched: 0, fired: 0, cells: HashMap::new(), lifted });
        FaultId(armed.len() - 1)
    }

    pub(super) fn fired(&self, id: FaultId) -> u64 {
        lock(&self.armed).get(id.0).map_or(0, |armed| armed.fired)
    }

    pub(super) fn lift(&self, id: FaultId) {
        if let Some(armed) = lock(&self.armed).get(id.0) {
            armed.lifted.send_replace(true);
        }
    }

    pub(super) fn clear(&self) {
        lock(&self.armed).clear();
    }

    /// Every latency and hold that fires, and the first other fault that does.
    pub(super) fn strike(&self, call: &Call) -> FaultEffects {
        let mut struck = FaultEffects::default();
        let mut all = lock(&self.armed);
        for armed in all.iter_mut().filter(|armed| !*armed.lifted.borrow() && armed.fault.matches(call)) {
            match armed.fault.kind.clone() {
                FaultKind::Latency(latency) => {
                    struck.latency += if armed.fires(call) { latency } else { Duration::ZERO }
                }
                FaultKind::Held => struck.held.extend(armed.fires(call).then(|| armed.lifted.subscribe())),
                _ if struck.kind.is_some() => {}
                kind => struck.kind = armed.fires(call).then_some(kind),
            }
        }
        struck
    }
}
