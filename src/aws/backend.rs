//! The backend, where rolecall itself runs: its region and partition, its SDK configuration, and its identity.
//!
//! **Invariant:** knows nothing of customers. Only this module and `assume_role` read the environment's credentials.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::config::IdentityCache;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime::client::retries::RetryPartition;

use crate::aws::error::{AwsError, AwsErrorKind, of_credentials};
use crate::aws::session::{ClientConfig, retries};
use crate::aws::transport::Transport;
use crate::domain::{Partition, partition_of_region};
use crate::error::{Error, ErrorKind};
use crate::settings::Settings;

/// Sockets that may be open at once. A Lambda has 1,024 file descriptors.
const SOCKETS: usize = 800;
/// Hosts that are called. Each region is a host, and so are Route 53, IAM, STS and the bucket.
const HOSTS: usize = 40;

/// The backend account, as configured at the start of the process.
#[derive(Clone, Debug)]
pub struct Backend {
    /// The SDK's configuration with the backend's own credentials.
    pub config: SdkConfig,
    /// The region in which rolecall runs.
    pub region: String,
    /// The partition to which the region belongs.
    pub partition: &'static Partition,
    /// The region in which STS is called.
    pub sts_region: String,
    /// The configuration of the clients for customers.
    pub client_config: Arc<ClientConfig>,
}

/// The identity behind the backend's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account that the identity belongs to.
    pub account_id: String,
    /// The ARN that STS returns for it.
    pub arn: String,
}

impl Backend {
    /// Loads the default credential chain and configuration. Sends no request.
    pub async fn load(settings: &Settings) -> Self {
        Self::from_config(configured().load().await, settings)
    }

    /// Loads the configuration and the credentials of a profile.
    pub async fn load_profile(settings: &Settings, profile: &str) -> Self {
        Self::from_config(configured().profile_name(profile).load().await, settings)
    }

    /// Creates a backend from an SDK configuration. It gets the one HTTP client of the process, and the timeouts and
    /// attempts of the settings.
    pub fn from_config(base: SdkConfig, settings: &Settings) -> Self {
        // Idle connections to keep open to each host, beside those in use.
        let hosts = if base.endpoint_url().is_some() { 1 } else { HOSTS };
        let idle = (SOCKETS.saturating_sub(settings.in_flight) / hosts).clamp(4, settings.in_flight.max(4));
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(idle)
            .build_https();
        let region = base.region().map_or("us-east-1", |region| region.as_ref()).to_owned();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(settings.connect_timeout)
            .operation_attempt_timeout(settings.call_timeout);
        let config = base
            .into_builder()
            .region(Region::new(region.clone()))
            .http_client(http.clone())
            .timeout_config(timeouts.build())
            .retry_config(retries(settings))
            .build();
        let partition = partition_of_region(&region);
        let sts_region = settings.sts_region.clone().unwrap_or_else(|| partition.sts_region(&region));
        let transport = Transport::new(http, settings);
        let client_config = Arc::new(ClientConfig { config: config.clone(), transport, settings: settings.clone() });
        Self { config, region, partition, sts_region, client_config }
    }

    /// Replaces the credentials, by those of `backend_role`.
    pub fn with_credentials(mut self, provider: SharedCredentialsProvider) -> Self {
        self.config = self.config.into_builder().credentials_provider(provider).build();
        let ClientConfig { transport, settings, .. } = &*self.client_config;
        self.client_config = Arc::new(ClientConfig {
            config: self.config.clone(),
            transport: transport.clone(),
            settings: settings.clone(),
        });
        self
    }

    /// An STS client with the backend's credentials.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        self.sts_with(self.config.credentials_provider())
    }

    /// An STS client with other credentials, such as those of a chained role.
    pub fn sts_with(&self, provider: Option<SharedCredentialsProvider>) -> aws_sdk_sts::Client {
        let mut config = aws_sdk_sts::config::Builder::from(&self.config).region(Region::new(self.sts_region.clone()));
        config.set_credentials_provider(provider);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// An STS client for customers' roles, whose calls are metered like all calls to customers.
    pub fn metered_sts(&self, provider: Option<SharedCredentialsProvider>, account_id: &str) -> aws_sdk_sts::Client {
        // The transport times attempts, since it knows what they wait for. The retry partition is the account's own, so
        // that its retries take none from others.
        let settings = &self.client_config.settings;
        let timeouts = TimeoutConfig::builder().connect_timeout(settings.connect_timeout).build();
        let mut config = aws_sdk_sts::config::Builder::from(&self.config)
            .region(Region::new(self.sts_region.clone()))
            .http_client(self.client_config.transport.http_client())
            .retry_partition(RetryPartition::custom(format!("sts-{account_id}")).build())
            .timeout_config(timeouts);
        config.set_credentials_provider(provider);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// Returns the backend's identity. Its one call also proves that there are credentials, that AWS accepts them, and that
    /// AWS can be reached.
    pub async fn identify(&self) -> Result<Identity, Error> {
        let provider = self.config.credentials_provider();
        let refused = |cause: AwsError| identity_error(&cause);
        let provider = provider
            .ok_or_else(|| refused(AwsError::new(AwsErrorKind::NoCredentials, "no source of credentials is set up")))?;
        provider.provide_credentials().await.map_err(|error| refused(of_credentials(&error)))?;
        let answer = self.sts().get_caller_identity().send().await.map_err(|error| refused(AwsError::of(error)))?;
        Ok(Identity { account_id: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }
}

/// The defaults of every SDK configuration.
fn configured() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12()).identity_cache(IdentityCache::lazy().build())
}

/// The error for credentials or an endpoint that do not work.
fn identity_error(cause: &AwsError) -> Error {
    let (kind, what) = match cause.kind {
        AwsErrorKind::NoCredentials => (
            ErrorKind::NoCredentials,
            "no AWS credentials to work with: set a profile (AWS_PROFILE), sign in (aws sso login) or give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        AwsErrorKind::Expired => {
            (ErrorKind::ExpiredCredentials, "the backend's own session has expired: sign in again")
        }
        AwsErrorKind::Unreachable | AwsErrorKind::OutOfTime => (
            ErrorKind::EndpointUnreachable,
            "STS cannot be reached: look at the network, the region, and AWS_ENDPOINT_URL where it is set",
        ),
        _ => (
            ErrorKind::InvalidCredentials,
            "the backend's own credentials are refused: look at who the command runs as, and at --backend-role where it is given",
        ),
    };
    Error::new(kind, format!("{what} ({cause})"))
}
