//! Makes the plugin that all calls to one endpoint of an account share: its URL, its signature, its retries.
//!
//! **Invariant:** knows no service and no operation.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{
    DisableClockSkewCorrection, ServiceClockSkewClassifier, ServiceClockSkewInterceptor,
};
use aws_runtime::user_agent::ApiMetadata;
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::retries::TokenBucket;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime::client::retries::strategy::StandardRetryStrategy;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthSchemeOptionResolver};
use aws_smithy_runtime_api::client::endpoint::error::ResolveEndpointError;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointFuture, EndpointResolverParams, ResolveEndpoint, SharedEndpointResolver,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::endpoint::Endpoint;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use aws_types::service_config::ServiceConfigKey;
use futures::FutureExt;

use super::Refusal;
use super::user_agent::CachedUserAgent;
use crate::aws::session::{ClientConfig, retries};

/// What an endpoint is made of.
pub(super) struct EndpointParts<'a> {
    pub client_config: &'a ClientConfig,
    pub credentials: SharedCredentialsProvider,
    pub region: &'a Region,
    /// The service in signatures. An endpoint of a global service names its own region.
    pub signing_name: &'static str,
    /// The service and the version of its SDK in the user agent.
    pub user_agent: ApiMetadata,
    /// The URL, or why there is none.
    pub endpoint: Result<Endpoint, String>,
}

/// The URL that the environment sets for a service, or for all services.
pub(super) fn endpoint_url(client_config: &ClientConfig, service_id: &'static str) -> Option<String> {
    let config = &client_config.config;
    let all_services = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return all_services;
    }
    let key =
        ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_service = key.ok().and_then(|key| config.service_config()?.load_config(key));
    of_service.or(all_services)
}

/// The endpoint of the SDK's rules, which resolve it without waiting.
pub(super) fn resolved(endpoint: EndpointFuture<'_>) -> Result<Endpoint, String> {
    let endpoint = endpoint.now_or_never().ok_or("the endpoint's rules did not end")?;
    endpoint.map_err(|error| error.to_string())
}

impl EndpointParts<'_> {
    pub(super) fn into_plugin(self) -> SharedRuntimePlugin {
        let (layer, components) = (self.layer(), self.components());
        SharedRuntimePlugin::new(
            StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components),
        )
    }

    fn layer(&self) -> Layer {
        let ClientConfig { config, settings, .. } = self.client_config;
        let mut layer = Layer::new("rolecall's endpoint");
        layer.store_put(SigningName::from_static(self.signing_name));
        layer.store_put(SigningRegion::from(self.region.clone()));
        layer.store_put(EndpointResolverParams::new(()));
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(retries(settings));
        // The quota of retries is the endpoint's own, so that a throttled customer slows no other.
        layer.store_put(TokenBucket::default());
        layer.store_put(TimeoutConfig::builder().connect_timeout(settings.connect_timeout).build());
        layer.store_or_unset(config.disable_clock_skew_correction().map(DisableClockSkewCorrection::from));
        layer.store_or_unset(config.app_name().cloned());
        layer.store_put(self.user_agent.clone());
        layer
    }

    fn components(self) -> RuntimeComponentsBuilder {
        let ClientConfig { config, transport, .. } = self.client_config;
        let sigv4 = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        let mut components = RuntimeComponentsBuilder::new("rolecall's endpoint");
        components
            .set_http_client(Some(transport.http_client()))
            .set_endpoint_resolver(Some(SharedEndpointResolver::new(FixedEndpoint(self.endpoint))))
            .set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(sigv4)))
            .push_auth_scheme(SigV4AuthScheme::new())
            .set_identity_cache(Some(IdentityCache::no_cache()))
            .set_identity_resolver(SCHEME_ID, self.credentials)
            .set_retry_strategy(Some(StandardRetryStrategy::new()))
            .set_time_source(config.time_source().or_else(|| Some(Default::default())))
            .set_sleep_impl(config.sleep_impl().or_else(default_async_sleep))
            .push_retry_classifier(HttpStatusCodeClassifier::default())
            .push_retry_classifier(TransientErrorClassifier::<Refusal>::new())
            .push_retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .push_retry_classifier(ServiceClockSkewClassifier::<Refusal>::new())
            .push_interceptor(SharedInterceptor::permanent(ConnectionPoisoningInterceptor::new()))
            .push_interceptor(SharedInterceptor::permanent(ServiceClockSkewInterceptor::new()))
            .push_interceptor(SharedInterceptor::permanent(RequestInfoInterceptor::new()))
            .push_interceptor(SharedInterceptor::permanent(CachedUserAgent::default()))
            .push_interceptor(SharedInterceptor::permanent(InvocationIdInterceptor::new()));
        components
    }
}

/// An endpoint that was resolved once. The SDK's rules would be evaluated at every call.
#[derive(Debug)]
struct FixedEndpoint(Result<Endpoint, String>);

impl ResolveEndpoint for FixedEndpoint {
    fn resolve_endpoint<'a>(&'a self, _: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        EndpointFuture::ready(match &self.0 {
            Ok(endpoint) => Ok(endpoint.clone()),
            Err(problem) => Err(ResolveEndpointError::message(problem.clone()).into()),
        })
    }
}

/// The HTTP client of clients that only build inputs.
#[derive(Clone, Debug)]
pub(super) struct NoHttpClient;

impl HttpClient for NoHttpClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self)
    }
}

impl HttpConnector for NoHttpClient {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::user("this client only builds inputs".into())))
    }
}
