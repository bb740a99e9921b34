//! One way to call AWS, for runs and for checks.
//!
//! A call waits for the rate limiter and for concurrency permits, ends with the [`Cancellation`], obeys the circuit breaker of
//! its endpoint, renews an expired session once, and completes its error with what only the transport saw.
//!
//! **Invariant:** knows nothing of tables and records, nor of what a failure means for the run.

use std::sync::Arc;

use tracing::Instrument;

use super::cancellation::Cancellation;
use super::error::{AwsError, AwsErrorKind};
use super::page::{NextPage, PageRequest};
use super::session::ServiceClient;
use super::transport::{DecodedPage, OpenCall};
use crate::decode::ItemSelector;

/// What is called: the operation, and the part of its response to decode.
#[derive(Clone, Copy)]
struct Called<'a> {
    operation: &'static str,
    selector: Option<&'a Arc<ItemSelector>>,
}

impl ServiceClient {
    /// Makes one call. `send` is called a second time if AWS calls the session expired.
    pub async fn call<T, E: Into<AwsError>, F: Future<Output = Result<T, E>>>(
        &self,
        operation: &'static str,
        stop: &Cancellation,
        send: impl Fn() -> F,
    ) -> Result<T, AwsError> {
        let called = Called { operation, selector: None };
        self.call_with_renewal(called, stop, send).await.map(|(response, _)| response)
    }

    /// Fetches one page of a listing, with its items decoded by the transport.
    pub(crate) async fn page(
        &self,
        request: &PageRequest,
        stop: &Cancellation,
    ) -> Result<(DecodedPage, NextPage), AwsError> {
        let called = Called { operation: request.operation, selector: Some(&request.selector) };
        let send = || (request.send)(self, &request.params);
        let (next, page) = self.call_with_renewal(called, stop, send).await?;
        let page = page.ok_or_else(|| AwsError::new(AwsErrorKind::Unreadable, "the answer had no body"))?;
        Ok((page, next))
    }

    async fn call_with_renewal<T, E: Into<AwsError>, F: Future<Output = Result<T, E>>>(
        &self,
        called: Called<'_>,
        stop: &Cancellation,
        send: impl Fn() -> F,
    ) -> Result<(T, Option<DecodedPage>), AwsError> {
        let (account_id, region, operation) = (self.account_id(), self.region(), called.operation);
        let span = tracing::debug_span!("call", account_id, region, operation);
        let calls = async {
            match self.call_once(called, stop, send()).await {
                Err(error) if error.kind == AwsErrorKind::Expired => {
                    tracing::debug!("AWS calls the session expired: assuming the role again");
                    self.expire_session();
                    self.call_once(called, stop, send()).await
                }
                result => result,
            }
        };
        calls.instrument(span).await
    }

    async fn call_once<T, E>(
        &self,
        called: Called<'_>,
        stop: &Cancellation,
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<(T, Option<DecodedPage>), AwsError>
    where
        E: Into<AwsError>,
    {
        let call = self.context.open(called.operation, called.selector.cloned());
        let response = async {
            call.acquire_permits().await;
            // Checked after the wait: other calls may have failed meanwhile.
            match self.circuit_open() {
                Some(error) => Err(error),
                None => call.send(request).await,
            }
        };
        let result = tokio::select! {
            // Nothing is sent that would be cancelled at once.
            biased;
            error = stop.cancelled() => Err(call.last_throttle().unwrap_or(error)),
            result = response => {
                self.record_result(result.as_ref().err().map(|error| error.kind));
                result
            }
        };
        log_result(&call, result.as_ref().err());
        Ok((result?, call.take_page()))
    }
}

fn log_result(call: &OpenCall, error: Option<&AwsError>) {
    match error {
        None => tracing::debug!(items = call.items(), "AWS answered the call"),
        Some(error) => {
            let (code, request_id) = (error.code.as_deref(), error.request_id.as_deref());
            tracing::debug!(code, request_id, kind = ?error.kind, "the call to AWS failed");
        }
    }
}
