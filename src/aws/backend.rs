//! The backend, where rolecall itself runs: its region and partition, its SDK configuration, and its identity.
//!
//! **Invariant:** knows nothing of customers. Only this module and `assume_role` read the environment's credentials.

use std::sync::Arc;
use std::time::Duration;

use aws_config::imds::region::ImdsRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{IdentityCache, StalledStreamProtectionConfig};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::aws::environment::Environment;
use crate::aws::error::{AwsError, AwsErrorKind, of_credentials};
use crate::aws::identity_error::identity_error;
use crate::aws::lazy_http_client::LazyHttpClient;
use crate::aws::own_credentials::OwnCredentialsProvider;
use crate::aws::session::{ClientConfig, attempts_untimed, retries};
use crate::aws::transport::Transport;
use crate::domain::{Partition, partition_of_region, partition_or_default};
use crate::error::Error;
use crate::settings::Settings;

/// The time for loading credentials. A program that provides them may ask its user.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(60);
/// Sockets that may be open at once. A Lambda has 1,024 file descriptors.
const SOCKETS: usize = 800;
/// Hosts that are called. Each region is a host, and so are Route 53, IAM, STS and the bucket.
const HOSTS: usize = 40;

/// The backend account, as configured at the start of the process.
#[derive(Clone, Debug)]
pub struct Backend {
    /// The SDK's configuration with the backend's own credentials.
    pub config: SdkConfig,
    /// The same with the credentials of the environment, also after [`Self::with_credentials`].
    pub own_config: SdkConfig,
    /// The region in which rolecall runs.
    pub region: String,
    /// The partition to which the region belongs.
    pub partition: &'static Partition,
    /// The region in which STS is called.
    pub sts_region: String,
    /// The configuration of the clients for customers.
    pub client_config: Arc<ClientConfig>,
    environment: Arc<Environment>,
}

/// The identity behind the backend's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account that the identity belongs to.
    pub account_id: String,
    /// The ARN that STS returns for it.
    pub arn: String,
    /// The unique id of the user or role, such as `AROA…`, without the name of a session.
    pub unique_id: Option<String>,
}

impl Backend {
    /// Loads the default credential chain and configuration. Sends no request, unless the region has to be asked of the
    /// machine.
    pub async fn load(settings: &Settings) -> Self {
        Self::load_chosen(settings, None).await
    }

    /// Loads the configuration and the credentials of a profile.
    pub async fn load_profile(settings: &Settings, profile: &str) -> Self {
        Self::load_chosen(settings, Some(profile)).await
    }

    async fn load_chosen(settings: &Settings, profile: Option<&str>) -> Self {
        let mut environment = Environment::read(|name| std::env::var_os(name), profile).await;
        let region = own_region(&environment, settings).await;
        environment.check_partition(&region, settings);
        environment.region = Some(region.clone());
        let environment = Arc::new(environment);
        let http = http_client(&environment, settings);
        let base = configured(&environment, &http).region(Region::new(region)).load().await;
        let mut builder = base.into_builder();
        builder.set_endpoint_url(environment.endpoints.global.clone());
        builder.set_service_config(Some(environment.endpoints.clone()));
        Self::from_parts(builder.build(), http, environment, settings)
    }

    /// Creates a backend from an SDK configuration. It gets the one HTTP client of the process, and the timeouts and
    /// attempts of the settings. Nothing else of the environment is read.
    pub fn from_config(base: SdkConfig, settings: &Settings) -> Self {
        let mut environment = Environment::default();
        environment.endpoints.global = base.endpoint_url().map(str::to_owned);
        let environment = Arc::new(environment);
        let http = http_client(&environment, settings);
        Self::from_parts(base, http, environment, settings)
    }

    fn from_parts(base: SdkConfig, http: SharedHttpClient, environment: Arc<Environment>, settings: &Settings) -> Self {
        let partition = partition_or_default(None);
        let region = base.region().map_or(partition.default_region, |region| region.as_ref()).to_owned();
        // A region of no known partition is a problem of the environment, with which no call is made.
        let partition = partition_of_region(&region).unwrap_or(partition);
        let sts_region = settings.sts_region.clone().unwrap_or_else(|| partition.sts_region(&region));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(settings.connect_timeout)
            .operation_attempt_timeout(settings.call_timeout);
        let own = base.credentials_provider().map(|inner| {
            SharedCredentialsProvider::new(OwnCredentialsProvider { inner, environment: environment.clone() })
        });
        let mut builder = base
            .into_builder()
            .region(Region::new(region.clone()))
            .http_client(http.clone())
            .timeout_config(timeouts.build())
            .retry_config(retries(settings));
        builder.set_credentials_provider(own);
        let config = builder.build();
        let transport = Transport::new(http, settings);
        let client_config =
            Arc::new(ClientConfig { config: config.clone(), partition, transport, settings: settings.clone() });
        Self { own_config: config.clone(), config, region, partition, sts_region, client_config, environment }
    }

    /// Replaces the credentials, by those of `backend_role`.
    pub fn with_credentials(mut self, provider: SharedCredentialsProvider) -> Self {
        self.config = self.config.into_builder().credentials_provider(provider).build();
        let ClientConfig { partition, transport, settings, .. } = &*self.client_config;
        self.client_config = Arc::new(ClientConfig {
            config: self.config.clone(),
            partition,
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
        // The other timeouts are those of the configuration.
        let all_attempts = self.client_config.settings.operation_timeout;
        let mut config = aws_sdk_sts::config::Builder::from(&self.config)
            .region(Region::new(self.sts_region.clone()))
            .timeout_config(TimeoutConfig::builder().operation_timeout(all_attempts).build());
        config.set_credentials_provider(provider);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// An STS client for customers' roles, whose calls are metered like all calls to customers.
    pub fn metered_sts(&self, provider: Option<SharedCredentialsProvider>, account_id: &str) -> aws_sdk_sts::Client {
        // The transport times attempts, since it knows what they wait for: the SDK would take a retry that waits for its
        // rate for a stalled upload. The retry partition is the account's own, so that its retries take none from others.
        let mut config = aws_sdk_sts::config::Builder::from(&self.config)
            .region(Region::new(self.sts_region.clone()))
            .http_client(self.client_config.transport.http_client())
            .retry_partition(RetryPartition::custom(format!("sts-{account_id}")).build())
            .timeout_config(attempts_untimed(&self.client_config.settings))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_credentials_provider(provider);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// Returns the backend's identity. Its one call also proves that there are credentials, that AWS accepts them, and that
    /// AWS can be reached.
    pub async fn identify(&self) -> Result<Identity, Error> {
        let provider = self.config.credentials_provider();
        let refused = |cause: AwsError| identity_error(&cause, &self.environment);
        let provider = provider
            .ok_or_else(|| refused(AwsError::new(AwsErrorKind::NoCredentials, "no source of credentials is set up")))?;
        provider.provide_credentials().await.map_err(|error| refused(of_credentials(&error)))?;
        let answer = self.sts().get_caller_identity().send().await.map_err(|error| refused(AwsError::of(error)))?;
        let unique_id =
            answer.user_id.and_then(|id| id.split(':').next().map(str::to_owned)).filter(|id| !id.is_empty());
        match (answer.account, answer.arn) {
            (Some(account_id), Some(arn)) if !account_id.is_empty() => Ok(Identity { account_id, arn, unique_id }),
            _ => Err(refused(AwsError::new(AwsErrorKind::Unreadable, "the answer names no account and no identity"))),
        }
    }
}

/// The defaults of every SDK configuration. What the SDK would read unchecked is set here.
fn configured(environment: &Environment, http: &SharedHttpClient) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build())
        .retry_config(RetryConfig::standard())
        .http_client(http.clone())
        .profile_name(environment.profile.name());
    if let Some(use_fips) = environment.use_fips {
        loader = loader.use_fips(use_fips);
    }
    if let Some(use_dual_stack) = environment.use_dual_stack {
        loader = loader.use_dual_stack(use_dual_stack);
    }
    loader
}

/// The own region: that of the environment, that of the machine, or the default one of the partition.
async fn own_region(environment: &Environment, settings: &Settings) -> String {
    if let Some(region) = &environment.region {
        return region.clone();
    }
    let found = if environment.problems.is_empty() {
        let http = http_client(&Arc::new(environment.clone()), settings);
        let config = ProviderConfig::without_region().with_http_client(http);
        ImdsRegionProvider::builder().configure(&config).build().region().await
    } else {
        None
    };
    let default = environment.partition_hint(settings).unwrap_or(partition_or_default(None)).default_region;
    found.map_or_else(|| default.to_owned(), |region| region.as_ref().to_owned())
}

fn http_client(environment: &Arc<Environment>, settings: &Settings) -> SharedHttpClient {
    // Idle connections to keep open to each host, beside those in use.
    let hosts = if environment.endpoints.global.is_some() { 1 } else { HOSTS };
    let idle = (SOCKETS.saturating_sub(settings.in_flight) / hosts).clamp(4, settings.in_flight.max(4));
    SharedHttpClient::new(LazyHttpClient::new(environment.clone(), idle))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_credential_types::Credentials;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;
    use crate::domain::lock;

    /// Records the hosts of requests, and answers none.
    #[derive(Clone, Debug, Default)]
    struct Hosts(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Hosts {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let host = request.uri().split('/').nth(2).unwrap_or_default().to_owned();
            lock(&self.0).push(host);
            HttpConnectorFuture::ready(Err(ConnectorError::user("no network".into())))
        }
    }

    /// The hosts of STS, EC2, IAM, Route 53, Account Management, Organizations and S3 under variables of the environment.
    #[expect(clippy::disallowed_methods, reason = "the credentials of a test that calls nothing")]
    async fn hosts_with(variable: &str, region: &str) -> Vec<String> {
        // The endpoints of a developer's own profile do not count.
        let is_on = |name: &str| name == variable || name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
        let get = |name: &str| is_on(name).then(|| "true".into());
        let environment = Arc::new(Environment::read(get, None).await);
        let hosts = Hosts::default();
        let recorder = SharedHttpConnector::new(hosts.clone());
        let http = http_client_fn(move |_, _| recorder.clone());
        let credentials = Credentials::new("AKIDEXAMPLE", "s3cret", None, None, "test");
        let base = configured(&environment, &http).region(Region::new(region.to_owned()));
        let base = base.credentials_provider(SharedCredentialsProvider::new(credentials)).load().await;
        let mut base = base.into_builder();
        base.set_endpoint_url(None);
        base.set_service_config(Some(environment.endpoints.clone()));
        let backend = Backend::from_parts(base.build(), http, environment, &Settings::default());
        let config = &backend.config;
        let _ = backend.sts().get_caller_identity().send().await;
        let _ = aws_sdk_ec2::Client::new(config).describe_regions().send().await;
        let _ = aws_sdk_iam::Client::new(config).list_account_aliases().send().await;
        let _ = aws_sdk_route53::Client::new(config).list_hosted_zones().send().await;
        let _ = aws_sdk_account::Client::new(config).list_regions().send().await;
        let _ = aws_sdk_organizations::Client::new(config).list_roots().send().await;
        let _ = aws_sdk_s3::Client::new(config).list_buckets().send().await;
        lock(&hosts.0).clone()
    }

    #[tokio::test]
    async fn requests_go_to_the_hosts_that_the_environment_asks_for() {
        let mut hosts = String::new();
        for (variable, region) in [
            ("NONE", "eu-central-1"),
            ("NONE", "cn-north-1"),
            ("NONE", "us-gov-west-1"),
            ("AWS_USE_FIPS_ENDPOINT", "us-east-2"),
            ("AWS_USE_FIPS_ENDPOINT", "us-gov-west-1"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "us-east-2"),
        ] {
            hosts += &format!("{variable} {region}: {}\n", hosts_with(variable, region).await.join(" "));
        }
        insta::assert_snapshot!(hosts, @"
        NONE eu-central-1: sts.eu-central-1.amazonaws.com ec2.eu-central-1.amazonaws.com iam.amazonaws.com route53.amazonaws.com account.us-east-1.amazonaws.com organizations.us-east-1.amazonaws.com s3.eu-central-1.amazonaws.com
        NONE cn-north-1: sts.cn-north-1.amazonaws.com.cn ec2.cn-north-1.amazonaws.com.cn iam.cn-north-1.amazonaws.com.cn route53.amazonaws.com.cn account.cn-northwest-1.amazonaws.com.cn organizations.cn-northwest-1.amazonaws.com.cn s3.cn-north-1.amazonaws.com.cn
        NONE us-gov-west-1: sts.us-gov-west-1.amazonaws.com ec2.us-gov-west-1.amazonaws.com iam.us-gov.amazonaws.com route53.us-gov.amazonaws.com account.us-gov-west-1.amazonaws.com organizations.us-gov-west-1.amazonaws.com s3.us-gov-west-1.amazonaws.com
        AWS_USE_FIPS_ENDPOINT us-east-2: sts-fips.us-east-2.amazonaws.com ec2-fips.us-east-2.amazonaws.com iam-fips.amazonaws.com route53-fips.amazonaws.com account-fips.us-east-1.amazonaws.com organizations-fips.us-east-1.amazonaws.com s3-fips.us-east-2.amazonaws.com
        AWS_USE_FIPS_ENDPOINT us-gov-west-1: sts.us-gov-west-1.amazonaws.com ec2.us-gov-west-1.amazonaws.com iam.us-gov.amazonaws.com route53.us-gov.amazonaws.com account-fips.us-gov-west-1.amazonaws.com organizations.us-gov-west-1.amazonaws.com s3-fips.us-gov-west-1.amazonaws.com
        AWS_USE_DUALSTACK_ENDPOINT us-east-2: sts.us-east-2.api.aws ec2.us-east-2.api.aws iam.global.api.aws route53.global.api.aws account.us-east-1.api.aws organizations.us-east-1.api.aws s3.dualstack.us-east-2.amazonaws.com
        ");
    }

    /// A throttled attempt is repeated within the SDK, and may wait long for its rate and for permits.
    #[test]
    fn attempts_at_assume_role_are_ended_by_the_transport_only() {
        let base = SdkConfig::builder().behavior_version(BehaviorVersion::v2026_01_12()).build();
        let client = Backend::from_config(base, &Settings::default()).metered_sts(None, "111122223333");
        let stalled = client.config().stalled_stream_protection().expect("it is set");
        assert!(!stalled.upload_enabled() && !stalled.download_enabled());
        let timeouts = client.config().timeout_config().expect("they are set");
        assert!(timeouts.operation_attempt_timeout().is_none() && timeouts.operation_timeout().is_none());
    }
}
