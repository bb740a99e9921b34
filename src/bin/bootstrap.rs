//! The Lambda function, on `provided.al2023`.

/// A run makes and frees small things on every thread, for which the system's allocator takes a third of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    rolecall::lambda::main().await
}
