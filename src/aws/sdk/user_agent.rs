//! Keeps the user agent of an endpoint, which the SDK would format at every call.
//!
//! **Invariant:** knows nothing of what is in it. The SDK's own interceptor writes it for the first call.

use std::sync::OnceLock;

use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

const HEADERS: [&str; 2] = ["user-agent", "x-amz-user-agent"];

/// Writes the headers of the first call again. All calls to an endpoint have the same.
#[derive(Debug, Default)]
pub(super) struct CachedUserAgent {
    sdk: UserAgentInterceptor,
    headers: OnceLock<[String; 2]>,
}

impl Intercept for CachedUserAgent {
    fn name(&self) -> &'static str {
        "CachedUserAgent"
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match self.headers.get() {
            Some(_) => Ok(()),
            None => self.sdk.read_after_serialization(context, components, config),
        }
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(values) = self.headers.get() {
            let headers = context.request_mut().headers_mut();
            for (name, value) in HEADERS.into_iter().zip(values) {
                headers.try_append(name, value.clone())?;
            }
            return Ok(());
        }
        self.sdk.modify_before_signing(context, components, config)?;
        let headers = context.request().headers();
        let written = HEADERS.map(|name| headers.get(name).unwrap_or_default().to_owned());
        let _ = self.headers.set(written);
        Ok(())
    }
}
