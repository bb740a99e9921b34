//! Calls a server that is not AWS's, over the same proxies and certificates.
//!
//! **Invariant:** knows no AWS, and adds no credentials. A redirect is not followed, so that no header goes elsewhere.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http::{Method, Uri};
use http_body::Body;

use super::environment::Environment;
use super::lazy_http_client::{IDLE_TIMEOUT, connector, tls};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A list of many objects takes a slow server a while.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// The most bytes of an answer.
const MOST_BYTES: usize = 64 << 20;

/// A client of one server.
#[derive(Debug)]
pub(crate) struct WebClient(Connector);

/// An answer.
#[derive(Debug)]
pub(crate) struct WebAnswer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl WebClient {
    /// Makes a client of the server of a URL.
    ///
    /// # Errors
    ///
    /// Returns what of the environment cannot be used: a proxy, or certificates.
    pub(crate) async fn of(server: &Uri) -> Result<Self, String> {
        let environment = Environment::read(|name| std::env::var_os(name), None).await;
        let (is_direct, is_tls) = (environment.proxies.is_direct(server), server.scheme_str() == Some("https"));
        let proxies = &environment.proxies;
        let proxy = if is_tls { proxies.https.as_ref() } else { proxies.http.as_ref() }.filter(|_| !is_direct);
        let needs_tls = is_tls || proxy.is_some_and(|proxy| proxy.is_secure);
        let context = if needs_tls { Some(tls(&environment)?) } else { None };
        let settings =
            HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let mut builder = Connector::builder().pool_idle_timeout(IDLE_TIMEOUT).pool_max_idle_per_host(1);
        builder.set_connector_settings(Some(settings));
        builder.set_sleep_impl(Some(SharedAsyncSleep::new(TokioSleep::new())));
        builder.set_proxy_config(proxy.map(|proxy| proxy.config.clone()));
        Ok(Self(connector(builder, context)))
    }

    /// Sends a request, and reads the answer.
    ///
    /// # Errors
    ///
    /// Returns why there is no answer. The text has no header.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<WebAnswer, String> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            let mut value = http::HeaderValue::from_str(value).map_err(|_| format!("the header {name} is invalid"))?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        let request = request.body(SdkBody::from(body)).map_err(|_| "the URL is invalid".to_owned())?;
        let request = HttpRequest::try_from(request).map_err(|_| "the request is invalid".to_owned())?;
        let response = self.0.call(request).await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let mut read = Vec::new();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let frame = frame.map_err(|error| format!("the answer ended early: {error}"))?;
            if let Ok(data) = frame.into_data() {
                read.extend_from_slice(&data);
            }
            if read.len() > MOST_BYTES {
                return Err("the answer is larger than 64 MiB".to_owned());
            }
        }
        Ok(WebAnswer { status, body: read })
    }
}

/// The causes of an error, the outermost first.
fn reason(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
