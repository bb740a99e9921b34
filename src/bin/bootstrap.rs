//! The Lambda function, on `provided.al2023`.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use rolecall::lambda::{Function, Invocation};
use rolecall::logging;
use rolecall::refusal::Refusal;
use serde_json::value::RawValue;

/// A run makes and frees small things on every thread, for which the system's allocator takes a third of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logging::to_lambda(std::env::var("ROLECALL_LOG").ok().as_deref());
    let function = Function::start(|name| std::env::var(name).ok()).await;
    let function = &function;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let invocation =
            Invocation { request_id: event.context.request_id.clone(), deadline: event.context.deadline() };
        let answered = function.handle(event.payload.get().as_bytes(), invocation).await;
        if let Err(refusal) = &answered {
            tracing::error!(
                error_type = refusal.kind.name(),
                message_of_rolecall = refusal.message,
                "the event is refused"
            );
        }
        answered.map_err(|refusal: Refusal| refusal)
    }))
    .await
}
