//! Faults as data: which calls they match, how often they fire, and what goes wrong.
//!
//! **Invariant:** this module matches and counts; `dispatch` and `reply` apply a fault to a response.

use super::call::Call;
use super::holders;
use super::names::mix;
use super::state::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    Sts,
    Ec2,
    Route53,
    Route53Resolver,
    Route53Profiles,
    Route53Domains,
    Iam,
    Account,
    Organizations,
    S3,
    /// A service that holds names, by its name in credential scopes.
    Holder(&'static str),
}

impl Service {
    /// Returns the service of a name in the credential scope.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        let json =
            [Self::Route53Resolver, Self::Route53Profiles, Self::Route53Domains, Self::Account, Self::Organizations];
        let xml = [Self::Sts, Self::Ec2, Self::Route53, Self::Iam, Self::S3];
        let holders = holders::SERVICES.iter().map(|(name, _)| Self::Holder(name));
        json.into_iter().chain(xml).chain(holders).find(|service| service.name() == name)
    }

    /// Returns the name in credential scopes and actions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::Route53 => "route53",
            Self::Route53Resolver => "route53resolver",
            Self::Route53Profiles => "route53profiles",
            Self::Route53Domains => "route53domains",
            Self::Iam => "iam",
            Self::Account => "account",
            Self::Organizations => "organizations",
            Self::S3 => "s3",
            Self::Holder(name) => name,
        }
    }

    /// Returns whether its responses are JSON.
    pub(super) fn is_json(self) -> bool {
        self.namespace().is_empty()
    }

    /// Returns the namespace of its XML.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Account
            | Self::Organizations
            | Self::Route53Resolver
            | Self::Route53Profiles
            | Self::Route53Domains => "",
            Self::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
            Self::Holder(name) => holders::namespace(name),
        }
    }
}

/// The matching calls for which a fault fires.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    Always,
    /// The first n calls.
    First(u64),
    /// Only the nth call, counted from one.
    Only(u64),
    /// All but the first n calls.
    After(u64),
    /// Random calls, derived from the seed, the cell and the call's number in it. They are the same in every run.
    Seeded {
        seed: u64,
        probability: f64,
    },
}

/// The kinds of faults.
#[derive(Clone, Debug)]
pub(crate) enum FaultKind {
    /// An error in the service's form.
    Error { status: u16, code: String, message: String },
    /// Status 200 with this XML, instead of what the simulation would answer.
    Answer(String),
    /// The service's throttling error.
    Throttle,
    /// The connection is reset before the call is executed.
    Reset,
    /// The call is executed, then the connection is reset.
    ResetAfter,
    /// Executed; the body is cut in the middle, with the correct content-length.
    Cut,
    /// Executed; the body is cut in the middle, without a content-length. Only the XML shows it.
    CutWithoutLength,
    /// Status 200 with a body that is not XML.
    Garbage,
    /// Status 200 with this body.
    Body(bytes::Bytes),
    /// There is never a response.
    Hang,
    /// Executed; the body is sent byte by byte at this interval.
    Drip(Duration),
    /// Status 200 with an empty body.
    Empty200,
    /// Denied by the role.
    Denied,
    /// Denied by a service control policy.
    ScpDenied,
    /// The listing returns the same token again and again. Only paged listings match.
    RepeatToken,
    /// The caller's session expires with this call.
    ExpiredSession,
    /// The response is delayed by this much. Other faults may fire too.
    Latency(Duration),
    /// The call waits until the fault is lifted, so that a test decides the order of calls. Other faults may fire too.
    Held,
    /// The requested zone is deleted with this call. Only calls that name a zone match.
    DeletedZone,
}

impl FaultKind {
    /// Returns an error of this status and code.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::Error { status, code: code.to_owned(), message: format!("Simulated {code}.") }
    }
}

/// A fault. `None` matches everything. An `AssumeRole` matches the account of the role.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub account: Option<String>,
    pub region: Option<String>,
    pub service: Option<Service>,
    pub operation: Option<String>,
    /// A parameter that the call must have.
    pub parameter: Option<String>,
    /// The id of a resource that the call must name.
    pub about: Option<String>,
    /// A part of the path that the call must have, such as the start of an object's key.
    pub path: Option<String>,
    pub times: Times,
    pub kind: FaultKind,
}

impl Fault {
    /// Returns a fault that fires for every call.
    pub(crate) fn new(kind: FaultKind) -> Self {
        let (account, region, service, operation) = (None, None, None, None);
        let (parameter, about, path) = (None, None, None);
        Self { account, region, service, operation, parameter, about, path, times: Times::Always, kind }
    }

    /// Returns an error of this status and code.
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

    pub(crate) fn about(self, id: &str) -> Self {
        Self { about: Some(id.to_owned()), ..self }
    }

    /// Limits it to calls whose path has this part.
    pub(crate) fn path(self, part: &str) -> Self {
        Self { path: Some(part.to_owned()), ..self }
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
            && self.about.as_ref().is_none_or(|id| call.names(id))
            && self.path.as_ref().is_none_or(|part| call.request.path.contains(part))
    }
}

/// Identifies an added fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultId(usize);

/// An added fault and its counts.
struct ArmedFault {
    fault: Fault,
    matched: u64,
    fired: u64,
    cells: HashMap<u64, u64>,
    /// True if it does not fire any more.
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

/// The effects of all faults that fire for one call.
#[derive(Default)]
pub(super) struct FaultEffects {
    pub latency: Duration,
    pub kind: Option<FaultKind>,
    held: Vec<watch::Receiver<bool>>,
}

impl FaultEffects {
    /// Waits for the latency and for the faults that hold the call.
    pub(super) async fn wait(&mut self, latency: Duration) {
        let latency = latency + self.latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        for held in &mut self.held {
            // A removed fault holds no call either.
            let _ = held.wait_for(|lifted| *lifted).await;
        }
    }
}

/// All faults in the order in which they were added.
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

    /// Returns all latencies and holds that fire for a call, and the first other fault that fires.
    pub(super) fn effects_on(&self, call: &Call) -> FaultEffects {
        let mut effects = FaultEffects::default();
        let mut all = lock(&self.armed);
        for armed in all.iter_mut().filter(|armed| !*armed.lifted.borrow() && armed.fault.matches(call)) {
            match armed.fault.kind.clone() {
                FaultKind::Latency(latency) => {
                    effects.latency += if armed.fires(call) { latency } else { Duration::ZERO }
                }
                FaultKind::Held => effects.held.extend(armed.fires(call).then(|| armed.lifted.subscribe())),
                _ if effects.kind.is_some() => {}
                kind => effects.kind = armed.fires(call).then_some(kind),
            }
        }
        effects
    }
}
