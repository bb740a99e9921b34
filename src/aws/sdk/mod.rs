//! Sends the listings through the SDK's orchestrator with only the plugins that they need.
//!
//! A generated client applies some twenty plugins to every call, resolves the endpoint again, and parses the response into
//! types of its own: 40 µs of CPU time a call instead of 21 (tests/bench/PROFILE.md). Here the SDK's serialiser builds the
//! request, and the SDK signs, sends and retries it. The plugins are made once for an endpoint and once for an operation. The transport has decoded the
//! response already, so the deserialiser only returns the paging members.
//!
//! A service that has no SDK here is called in the same way ([`modelled`]). Only its requests are built from the shapes of the
//! service model.
//!
//! **Invariant:** knows no operation by name, and nothing of how calls are limited.

mod user_agent;
mod endpoint_plugin;
mod services;
mod request;
mod modelled;

use std::fmt;
use std::sync::OnceLock;

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_smithy_runtime::client::orchestrator::invoke;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::config_bag::{FrozenLayer, Layer};
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;

pub(crate) use modelled::ModelledListing;
pub(crate) use services::{ec2, route53};

use super::error::{AwsError, AwsErrorKind};
use super::session::ServiceClient;
use super::transport::take_scalars;
use crate::decode::Scalars;

/// An operation of the SDK, with its plugin, which is made once for the process.
#[derive(Debug)]
pub(crate) struct SdkOperation {
    endpoint: fn(&ServiceClient) -> SharedRuntimePlugin,
    generated: fn() -> Option<FrozenLayer>,
    plugin: OnceLock<SharedRuntimePlugin>,
}

impl SdkOperation {
    /// An operation of the service with this plugin for its endpoints, and with the configuration that the SDK generates.
    pub(crate) const fn new(
        endpoint: fn(&ServiceClient) -> SharedRuntimePlugin,
        generated: fn() -> Option<FrozenLayer>,
    ) -> Self {
        Self { endpoint, generated, plugin: OnceLock::new() }
    }

    /// Takes from the generated configuration what a call needs: how to serialise the input, and how to sign.
    fn plugin(&self) -> SharedRuntimePlugin {
        let make = || {
            let mut layer = Layer::new("rolecall's operation");
            if let Some(generated) = (self.generated)() {
                layer.store_or_unset(generated.load::<SharedRequestSerializer>().cloned());
                layer.store_or_unset(generated.load::<SigV4OperationSigningConfig>().cloned());
                layer.store_or_unset(generated.load::<Metadata>().cloned());
            }
            layer.store_put(SharedResponseDeserializer::new(PagingDeserializer));
            SharedRuntimePlugin::new(StaticRuntimePlugin::new().with_config(layer.freeze()))
        };
        self.plugin.get_or_init(make).clone()
    }
}

impl ServiceClient {
    /// Sends the input of an operation, and returns the scalars around the items that the transport has decoded.
    pub(crate) async fn send(
        &self,
        operation: &SdkOperation,
        input: Result<Input, BuildError>,
    ) -> Result<Scalars, AwsError> {
        let not_built = |error| AwsError::new(AwsErrorKind::Other, format!("the request cannot be built: {error}"));
        let input = input.map_err(not_built)?;
        invoke_with((operation.endpoint)(self), operation.plugin(), input).await
    }
}

/// Sends an input with the plugins of its endpoint and of its operation.
async fn invoke_with(
    endpoint: SharedRuntimePlugin,
    operation: SharedRuntimePlugin,
    input: Input,
) -> Result<Scalars, AwsError> {
    let plugins = RuntimePlugins::new().with_client_plugin(endpoint).with_operation_plugin(operation);
    let output = invoke("", "", input, &plugins).await.map_err(|error| {
        let refused = |error: Error| error.downcast::<Refusal>().unwrap_or_default();
        AwsError::of(error.map_service_error(refused))
    })?;
    let lost = |_| AwsError::new(AwsErrorKind::Unreadable, "the answer has no paging members");
    output.downcast::<Scalars>().map_err(lost)
}

/// Builds a request by the SDK and sends it by [`ServiceClient::send`]. The client, the operation, and the request, such as
/// `client, DescribeVpcs: ec2.describe_vpcs().max_results(1000)`.
macro_rules! send {
    ($client:ident, $operation:ident: $service:ident . $method:ident () $($more:tt)*) => {{
        static OPERATION: $crate::aws::SdkOperation = $crate::aws::SdkOperation::new($crate::aws::sdk::$service::plugin, || {
            let operation = $crate::aws::sdk::$service::operation::$method::$operation::new();
            aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin::config(&operation)
        });
        let request = $crate::aws::sdk::$service::requests().$method() $($more)*;
        let input = request.as_input().clone().build();
        let input = input.map(aws_smithy_runtime_api::client::interceptors::context::Input::erase);
        $client.send(&OPERATION, input).await
    }};
}
pub(crate) use send;

/// Returns what the transport left of a response: the paging members, or the error.
#[derive(Debug)]
struct PagingDeserializer;

impl DeserializeResponse for PagingDeserializer {
    fn deserialize_nonstreaming(&self, response: &HttpResponse) -> Result<Output, OrchestratorError<Error>> {
        if response.status().is_success() {
            return Ok(Output::erase(take_scalars()));
        }
        let body = response.body().bytes().unwrap_or_default();
        let refusal = Refusal::new(AwsError::of_response(response, body, ""));
        Err(OrchestratorError::operation(Error::erase(refusal)))
    }
}

/// An error response. The SDK decides by its code whether the call is retried.
#[derive(Debug, Default)]
struct Refusal(ErrorMetadata);

impl Refusal {
    fn new(error: AwsError) -> Self {
        let mut metadata = ErrorMetadata::builder().message(error.message);
        if let Some(code) = error.code {
            metadata = metadata.code(code);
        }
        Self(metadata.build())
    }
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AWS refused the call")
    }
}

impl std::error::Error for Refusal {}
