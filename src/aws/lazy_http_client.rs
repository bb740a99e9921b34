//! The one HTTP client of the process. It is made when the first request is sent, with the proxies and certificates of the
//! environment.
//!
//! So a command that makes no call needs no certificates, and a problem of the environment ends a call with an error.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::environment::{Environment, Proxy, system_has_roots};
use super::error::{AwsError, AwsErrorKind};

/// Idle connections are closed before AWS closes them.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Makes the HTTP client of each kind at its first request.
#[derive(Debug)]
pub(super) struct LazyHttpClient(Arc<Clients>);

#[derive(Debug)]
struct Clients {
    environment: Arc<Environment>,
    /// Idle connections to keep open to each host.
    idle: usize,
    /// For hosts that no proxy may be asked for. Two, since TLS needs certificates and plain HTTP does not.
    direct: OnceLock<Made>,
    direct_tls: OnceLock<Made>,
    http: OnceLock<Made>,
    https: OnceLock<Made>,
}

/// A client, or why there is none.
type Made = Result<SharedHttpClient, String>;

impl LazyHttpClient {
    pub(super) fn new(environment: Arc<Environment>, idle: usize) -> Self {
        let (direct, direct_tls, http, https) = Default::default();
        Self(Arc::new(Clients { environment, idle, direct, direct_tls, http, https }))
    }
}

impl HttpClient for LazyHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let (settings, components) = (settings.clone(), components.clone());
        SharedHttpConnector::new(LazyConnector { clients: self.0.clone(), settings, components })
    }
}

#[derive(Debug)]
struct LazyConnector {
    clients: Arc<Clients>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for LazyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.clients.client(request.uri()) {
            Ok(client) => client.http_connector(&self.settings, &self.components).call(request),
            Err(problem) => {
                let error = AwsError::new(AwsErrorKind::Misconfigured, problem);
                HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())))
            }
        }
    }
}

impl Clients {
    fn client(&self, uri: &str) -> Result<&SharedHttpClient, String> {
        let Environment { problems, proxies, .. } = &*self.environment;
        if !problems.is_empty() {
            return Err(problems.to_string());
        }
        let uri: http::Uri =
            uri.parse().map_err(|_| "a request has no valid URL: look at AWS_ENDPOINT_URL".to_owned())?;
        let (is_direct, is_tls) = (proxies.is_direct(&uri), uri.scheme_str() == Some("https"));
        let (cell, proxy) = match (is_direct, is_tls) {
            (true, false) => (&self.direct, None),
            (true, true) => (&self.direct_tls, None),
            (false, false) => (&self.http, proxies.http.as_ref()),
            (false, true) => (&self.https, proxies.https.as_ref()),
        };
        cell.get_or_init(|| self.make(is_tls, proxy.cloned())).as_ref().map_err(Clone::clone)
    }

    fn make(&self, is_tls: bool, proxy: Option<Proxy>) -> Made {
        let needs_tls = is_tls || proxy.as_ref().is_some_and(|proxy| proxy.is_secure);
        let context = if needs_tls { Some(tls(&self.environment)?) } else { None };
        let idle = self.idle;
        Ok(Builder::new().build_with_connector_fn(move |settings, components| {
            let mut builder = Connector::builder().pool_idle_timeout(IDLE_TIMEOUT).pool_max_idle_per_host(idle);
            builder.set_connector_settings(settings.cloned());
            builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            builder.set_proxy_config(proxy.as_ref().map(|proxy| proxy.config.clone()));
            connector(builder, context.clone())
        }))
    }
}

/// The certificates to trust.
pub(super) fn tls(environment: &Environment) -> Result<TlsContext, String> {
    let store = match &environment.ca_bundle {
        Some(bundle) => bundle.load()?,
        None if system_has_roots() => TrustStore::default(),
        None => {
            return Err("no CA certificates are found to check AWS's with: install the package ca-certificates, or \
                        set AWS_CA_BUNDLE, ca_bundle of the profile, or SSL_CERT_FILE to a file of certificates"
                .into());
        }
    };
    let context = TlsContext::builder().with_trust_store(store).build();
    context.map_err(|error| format!("TLS cannot be set up: {error}"))
}

pub(super) fn connector(builder: ConnectorBuilder, tls: Option<TlsContext>) -> Connector {
    match tls {
        Some(context) => builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build(),
        None => builder.build_http(),
    }
}
