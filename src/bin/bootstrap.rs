//! The Lambda function, on `provided.al2023`.

/// A run allocates and frees small objects on every thread. The system's allocator would take a third of all CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    rolecall::lambda::main().await
}
