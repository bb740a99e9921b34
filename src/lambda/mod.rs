//! The Lambda function: its handler, its answers over HTTP, its metrics, and the loop that serves invocations.

mod metrics;
mod http;
mod handler;

pub use handler::{Function, Invocation};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::logging;
use crate::settings::variable;

/// Serves invocations until Lambda ends the environment.
pub async fn main() -> Result<(), lambda_runtime::Error> {
    logging::to_lambda(variable("ROLECALL_LOG").as_deref());
    let function = Function::start(variable).await;
    let function = &function;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let invocation =
            Invocation { request_id: event.context.request_id.clone(), deadline: event.context.deadline() };
        let response = function.handle(event.payload.get().as_bytes(), invocation).await;
        if let Err(error) = &response {
            tracing::error!(
                error_type = error.kind.name(),
                error_message = error.message,
                "the event was not carried out"
            );
        }
        response.map_err(|error: Error| error)
    }))
    .await
}
