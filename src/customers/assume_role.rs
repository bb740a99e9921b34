//! Opens sessions in customers' accounts: one AssumeRole for all regions and operations of an account, narrowed by a session
//! policy and verified. A session that expires within the run is assumed again, once.
//!
//! **Invariant:** the only place that makes credentials. They stay in memory, serve one run, and appear in no output.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future};
use aws_types::request_id::RequestId;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::aws::{
    AdaptiveConcurrencyLimit, AwsError, AwsErrorKind, Backend, CallContext, CallLimits, ExpiredFlag, Identity,
    Priority, PrioritySemaphore, RateLimiter, Session, SessionCredentials, SessionPolicy, SilenceLimit, TimeBudget,
};
use crate::customers::registry::{Target, TargetRole};
use crate::customers::trust_attempt::TrustAttempt;
use crate::customers::verify_role::verify;

/// The duration of a session in seconds: every role allows it, and role chaining allows no more.
const SESSION_SECONDS: i32 = 3600;
/// Credentials that expire within this time are renewed.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// The policy of sessions that only test whether STS grants them.
const DENY_ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// Assumes customers' roles during one run.
#[derive(Debug)]
pub struct RoleAssumer {
    backend: Backend,
    identity: Identity,
    session_name: String,
    rate_limiter: Arc<RateLimiter>,
    chained_roles: Mutex<HashMap<String, SharedCredentialsProvider>>,
}

/// A session in a customer's account.
#[derive(Debug)]
pub struct OpenedSession {
    pub session: Arc<Session>,
    /// The request ids of its AssumeRole calls, to be compared with CloudTrail.
    pub request_ids: Vec<String>,
}

/// The credentials of `backend_role`, for an operator with another identity.
pub fn backend_role(backend: &Backend, role_arn: &str) -> SharedCredentialsProvider {
    let session_name = "rolecall-backend".to_owned();
    SharedCredentialsProvider::new(ChainedRoleProvider::new(backend.sts(), role_arn.to_owned(), session_name))
}

/// Provides the credentials of a role on the backend's side. Assumes it at its first use, and again before it expires.
#[derive(Clone, Debug)]
struct ChainedRoleProvider {
    sts: aws_sdk_sts::Client,
    role_arn: String,
    session_name: String,
    current: Arc<Mutex<ChainedSession>>,
}

/// The session of a role on the backend's side.
#[derive(Debug, Default)]
struct ChainedSession {
    credentials: Option<Credentials>,
    /// When the role could not be assumed the last time, and why.
    failed: Option<(Instant, AwsError)>,
}

impl ChainedRoleProvider {
    fn new(sts: aws_sdk_sts::Client, role_arn: String, session_name: String) -> Self {
        Self { sts, role_arn, session_name, current: Arc::default() }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the role in between has no external ID, and what it may do is its owner's"
    )]
    async fn credentials(&self) -> Result<Credentials, AwsError> {
        let asked_at = Instant::now();
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.credentials.as_ref().filter(|credentials| !expires_soon(credentials)) {
            return Ok(credentials.clone());
        }
        // All targets behind the role wait here at once. One attempt is for all of them, or each would wait for STS anew.
        if let Some((_, error)) = current.failed.as_ref().filter(|(failed_at, _)| *failed_at >= asked_at) {
            return Err(error.clone());
        }
        let request = self.sts.assume_role().role_arn(&self.role_arn).role_session_name(&self.session_name);
        let answer = request.duration_seconds(SESSION_SECONDS).send().await.map_err(AwsError::of);
        let assumed = answer.and_then(|answer| issued(answer.credentials)).map_err(|error| self.named(error));
        match &assumed {
            Ok(credentials) => current.credentials = Some(credentials.clone()),
            Err(error) => current.failed = Some((Instant::now(), error.clone())),
        }
        assumed
    }

    /// Names the role: the call that fails for want of these credentials is about another one.
    fn named(&self, error: AwsError) -> AwsError {
        // What is wrong before STS is asked has nothing to do with the role.
        if matches!(error.kind, AwsErrorKind::NoCredentials | AwsErrorKind::Misconfigured) {
            return error;
        }
        AwsError { message: format!("{} cannot be assumed: {}", self.role_arn, error.message), ..error }
    }
}

impl ProvideCredentials for ChainedRoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(
            async move { self.credentials().await.map_err(CredentialsError::provider_error) },
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes credentials: from the response of AssumeRole")]
fn issued(credentials: Option<aws_sdk_sts::types::Credentials>) -> Result<Credentials, AwsError> {
    let issued =
        credentials.ok_or_else(|| AwsError::new(AwsErrorKind::Unreadable, "STS answered without credentials"))?;
    let expires = SystemTime::try_from(issued.expiration).map_err(|_| {
        AwsError::new(AwsErrorKind::Unreadable, "STS answered with a time of expiry that cannot be read")
    })?;
    let token = Some(issued.session_token);
    Ok(Credentials::new(issued.access_key_id, issued.secret_access_key, token, Some(expires), "rolecall"))
}

#[expect(clippy::disallowed_methods, reason = "AWS gives the expiry as a `SystemTime`")]
fn expires_soon(credentials: &Credentials) -> bool {
    credentials.expiry().is_some_and(|expiry| expiry < SystemTime::now() + RENEW_BEFORE)
}

impl RoleAssumer {
    /// Creates the assumer of one run.
    pub fn new(backend: Backend, identity: Identity, session_name: String) -> Arc<Self> {
        let rate = backend.client_config.settings.sts_rate;
        let rate_limiter = Arc::new(RateLimiter::new(rate, rate));
        Arc::new(Self { backend, identity, session_name, rate_limiter, chained_roles: Mutex::default() })
    }

    /// Tries to assume the role with `external_id`, under a policy that denies everything. Returns whether STS allowed it; the
    /// credentials are dropped.
    pub async fn try_assume_role(&self, target: &Target, external_id: Option<SecretString>) -> Result<(), AwsError> {
        let assumption = deny_all(target, external_id)?;
        self.assume(&assumption).await.map(|_| ())
    }

    /// Tries once to assume the role without its external ID, under a policy that denies everything. Delays no call that enters
    /// an account, and has its answer within `time`; the credentials are dropped.
    pub(crate) async fn try_without_external_id(&self, target: &Target, time: Duration) -> TrustAttempt {
        let target = Target { external_id: None, ..target.clone() };
        let context = self.call_context(&target, Priority::Spare);
        let attempt = async {
            let assumption = deny_all(&target, None)?;
            self.assume_once(&assumption, &context).await.map(|(_, request_id)| request_id)
        };
        let late =
            AwsError::new(AwsErrorKind::OutOfTime, "STS did not answer the attempt without the external ID in time");
        let answer = tokio::time::timeout(time, attempt).await.unwrap_or(Err(late));
        TrustAttempt::new(answer, context.call_counts())
    }

    /// Opens a session in an account, with the first of the session policies that fits. No error contains the external ID.
    pub async fn open_session(
        self: &Arc<Self>,
        target: &Target,
        policies: &[SessionPolicy],
    ) -> Result<OpenedSession, AwsError> {
        let TargetRole::Assume { role_arn } = &target.role else { return self.open_own_session(target) };
        let mut too_large = None;
        for policy in policies {
            match self.open_narrowed_session(target, role_arn, policy).await {
                Err(error) if error.kind == AwsErrorKind::PolicyTooLarge => too_large = Some(error),
                result => return result,
            }
        }
        Err(too_large
            .unwrap_or_else(|| AwsError::new(AwsErrorKind::PolicyTooLarge, "no session policy fits STS's limit")))
    }

    /// Assumes a role that is no customer's inventory role, under one policy. The credentials are renewed like those of a session.
    pub(crate) async fn open_credentials(
        self: &Arc<Self>,
        target: &Target,
        policy: &Arc<str>,
    ) -> Result<SharedCredentialsProvider, AwsError> {
        let Some(role_arn) = target.role_arn() else {
            return Err(AwsError::new(AwsErrorKind::Other, "there is no role to assume"));
        };
        let params = AssumeRoleParams { role_arn: role_arn.to_owned(), target: target.clone(), policy: policy.clone() };
        self.customer_credentials(params).await.map(|(provider, ..)| provider)
    }

    /// A session with the backend's own credentials, for its own account.
    fn open_own_session(&self, target: &Target) -> Result<OpenedSession, AwsError> {
        if self.identity.account_id != target.account_id.as_str() {
            let what = format!("own credentials are of account {}", self.identity.account_id);
            return Err(AwsError::new(AwsErrorKind::Denied, what));
        }
        let own = self.backend.config.credentials_provider();
        let own = own.ok_or_else(|| AwsError::new(AwsErrorKind::NoCredentials, "there are no own credentials"))?;
        let credentials = SessionCredentials { ec2: own.clone(), rest: own, expired: Vec::new() };
        Ok(OpenedSession { session: self.session(target, credentials), request_ids: Vec::new() })
    }

    async fn open_narrowed_session(
        self: &Arc<Self>,
        target: &Target,
        role_arn: &str,
        policy: &SessionPolicy,
    ) -> Result<OpenedSession, AwsError> {
        let params = |policy: &Arc<str>| AssumeRoleParams {
            role_arn: role_arn.to_owned(),
            target: target.clone(),
            policy: policy.clone(),
        };
        match policy {
            SessionPolicy::One(document) => {
                let (one, expired, request_id) = self.customer_credentials(params(document)).await?;
                let credentials = SessionCredentials { ec2: one.clone(), rest: one, expired: vec![expired] };
                let session = self.session(target, credentials);
                Ok(OpenedSession { session, request_ids: request_id.into_iter().collect() })
            }
            SessionPolicy::Two { ec2, rest } => {
                let (ec2, first_expired, first_id) = self.customer_credentials(params(ec2)).await?;
                let (rest, second_expired, second_id) = self.customer_credentials(params(rest)).await?;
                let credentials = SessionCredentials { ec2, rest, expired: vec![first_expired, second_expired] };
                let session = self.session(target, credentials);
                Ok(OpenedSession { session, request_ids: first_id.into_iter().chain(second_id).collect() })
            }
        }
    }

    fn session(&self, target: &Target, credentials: SessionCredentials) -> Arc<Session> {
        Session::new(self.backend.client_config.clone(), target.account_id.as_str(), credentials)
    }

    async fn customer_credentials(self: &Arc<Self>, assumption: AssumeRoleParams) -> Result<Assumed, AwsError> {
        let (credentials, request_id) = self.assume(&assumption).await?;
        let current = Arc::new(Mutex::new((credentials, false)));
        let customer =
            CustomerCredentialsProvider { roles: self.clone(), assumption, current, expired: ExpiredFlag::default() };
        let expired = customer.expired.clone();
        Ok((SharedCredentialsProvider::new(customer), expired, request_id))
    }

    /// Assumes a role. Patient while STS limits the rate: a whole fleet is entered at once, at a rate that the backend's
    /// whole account shares.
    async fn assume(&self, assumption: &AssumeRoleParams) -> Result<(Credentials, Option<String>), AwsError> {
        let context = self.call_context(&assumption.target, Priority::High);
        let patient_until = Instant::now() + self.backend.client_config.settings.sts_patience;
        loop {
            match self.assume_once(assumption, &context).await {
                Err(error) if error.kind == AwsErrorKind::Throttled && Instant::now() < patient_until => continue,
                result => return result,
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that enters a customer's role")]
    async fn assume_once(
        &self,
        assumption: &AssumeRoleParams,
        context: &Arc<CallContext>,
    ) -> Result<(Credentials, Option<String>), AwsError> {
        let AssumeRoleParams { role_arn, target, policy } = assumption;
        let provider = match &target.via {
            None => self.backend.config.credentials_provider(),
            Some(via) => Some(self.chained_role(via).await),
        };
        let client = self.backend.metered_sts(provider, target.account_id.as_str());
        let external_id = target.external_id.as_ref().map(|id| id.expose_secret().to_owned());
        let secret = external_id.as_deref().unwrap_or_default();
        let request = client
            .assume_role()
            .role_arn(role_arn)
            .role_session_name(&self.session_name)
            .set_external_id(external_id.clone())
            .duration_seconds(SESSION_SECONDS)
            .policy(&**policy);
        let response = async { request.send().await.map_err(|error| AwsError::redacting(error, secret)) };
        let answer = context.call("sts:AssumeRole", response).await?;
        let request_id = answer.request_id().map(str::to_owned);
        let arn = answer.assumed_role_user().map(|user| user.arn().to_owned()).unwrap_or_default();
        verify(&arn, target.account_id.as_str(), role_arn)?;
        Ok((issued(answer.credentials)?, request_id))
    }

    /// AssumeRole obeys STS's rate and the process's calls in flight, and counts against no account's time budget.
    fn call_context(&self, target: &Target, priority: Priority) -> Arc<CallContext> {
        let limits = CallLimits {
            account_id: target.account_id.as_str().into(),
            rate_limiter: self.rate_limiter.clone(),
            account_limit: Arc::new(AdaptiveConcurrencyLimit::new(1)),
            region_limit: PrioritySemaphore::new(1),
            time_budget: TimeBudget::new(Duration::MAX),
            silence: SilenceLimit::new(Duration::MAX),
            priority,
        };
        self.backend.client_config.transport.call_context(limits, target.external_id.clone())
    }

    /// The provider of a chained role, which is assumed once for all targets behind it.
    async fn chained_role(&self, via: &str) -> SharedCredentialsProvider {
        let mut passed = self.chained_roles.lock().await;
        if let Some(provider) = passed.get(via) {
            return provider.clone();
        }
        let passage = ChainedRoleProvider::new(self.backend.sts(), via.to_owned(), self.session_name.clone());
        let provider = SharedCredentialsProvider::new(passage);
        passed.insert(via.to_owned(), provider.clone());
        provider
    }
}

/// A customer's credentials, the flag that expires them, and the request id of their AssumeRole.
type Assumed = (SharedCredentialsProvider, ExpiredFlag, Option<String>);

/// The parameters of an AssumeRole, kept for the renewal.
#[derive(Clone, Debug)]
struct AssumeRoleParams {
    role_arn: String,
    target: Target,
    policy: Arc<str>,
}

/// Provides the credentials of a customer's role, and renews them once.
#[derive(Clone, Debug)]
struct CustomerCredentialsProvider {
    roles: Arc<RoleAssumer>,
    assumption: AssumeRoleParams,
    /// The credentials, and whether they were renewed already.
    current: Arc<Mutex<(Credentials, bool)>>,
    expired: ExpiredFlag,
}

impl ProvideCredentials for CustomerCredentialsProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let mut current = self.current.lock().await;
            let expired = self.expired.take();
            if (expired || expires_soon(&current.0)) && !current.1 {
                // Once, even if it fails: a customer that revoked the role is not called again by every cell.
                current.1 = true;
                let renewed = self.roles.assume(&self.assumption).await.map_err(CredentialsError::provider_error)?;
                current.0 = renewed.0;
            }
            Ok(current.0.clone())
        })
    }
}

/// The parameters of a session that may do nothing.
fn deny_all(target: &Target, external_id: Option<SecretString>) -> Result<AssumeRoleParams, AwsError> {
    let TargetRole::Assume { role_arn } = &target.role else {
        return Err(AwsError::new(AwsErrorKind::Other, "there is no role to assume"));
    };
    let target = Target { external_id, ..target.clone() };
    Ok(AssumeRoleParams { role_arn: role_arn.clone(), target, policy: DENY_ALL.into() })
}
