//! The HTTP client of the SDK's clients: every attempt at a call passes through it, on its way out and back.
//!
//! It wraps the one HTTP client of the process. The call that an attempt belongs to is found in a task-local variable.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http_body::Body;

use super::call_context::{CallLimits, DecodedPage, OpenCall};
use super::stopwatch::Stopwatch;
use super::{MemoryPermit, Transport};
use crate::aws::error::{AwsError, flat_code};
use crate::aws::error_body::is_error_document;
use crate::decode::{DecodeError, Scalars, decode_within};

/// Estimated memory per response, as a multiple of its body: the body itself plus its decoded rows.
const MEMORY_FACTOR: u64 = 2;
/// The most that is read of an error response, in bytes.
const MAX_ERROR_BYTES: u64 = 1 << 20;

tokio::task_local! {
    /// The call in progress in this task. One SDK client serves many calls, and its connector is not given their identity.
    static CURRENT_CALL: Arc<OpenCall>;
}

/// Delegates to the one HTTP client. The `validate` methods stay the trait's empty ones: the inner client's would set up
/// TLS for every SDK client that is built, and drop it again.
#[derive(Debug)]
struct MeteredHttpClient(SharedHttpClient);

impl Transport {
    /// The HTTP client for the SDK's clients. It refuses requests that are sent outside of [`OpenCall::send`].
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(MeteredHttpClient(self.http.clone()))
    }
}

/// The scalars around the items of the call in progress, once. Empty if nothing of its response is decoded.
pub(crate) fn take_scalars() -> Scalars {
    CURRENT_CALL.try_with(|call| call.take_scalars()).unwrap_or_default()
}

impl OpenCall {
    /// Sends a request as this call, and completes its error from the transport.
    pub async fn send<T, E: Into<AwsError>>(
        self: &Arc<Self>,
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<T, AwsError> {
        CURRENT_CALL.scope(self.clone(), request).await.map_err(|error| self.complete(error.into()))
    }
}

impl HttpClient for MeteredHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(MeteredConnector(self.0.http_connector(settings, components)))
    }
}

#[derive(Clone, Debug)]
struct MeteredConnector(SharedHttpConnector);

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.0.clone();
        let Ok(call) = CURRENT_CALL.try_with(Arc::clone) else {
            let error = "rolecall sent a request outside of a metered call";
            return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
        };
        HttpConnectorFuture::new(async move { Attempt { inner, call }.make(request).await })
    }
}

/// One HTTP attempt at a call.
struct Attempt {
    inner: SharedHttpConnector,
    call: Arc<OpenCall>,
}

impl Attempt {
    async fn make(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = &self.call;
        // Without time left, there is no other attempt.
        let (_permits, timeout) = call.begin_attempt().await.map_err(|error| ConnectorError::user(error.into()))?;
        let mut stopwatch = Stopwatch::start(timeout);
        let response = self.respond(request, &mut stopwatch).await;
        let (aws, memory) = stopwatch.times();
        call.record_times(aws, memory);
        response
    }

    /// Sends the request, reads the response and decodes the selected part of it. The SDK gets the rest.
    async fn respond(&self, request: HttpRequest, stopwatch: &mut Stopwatch) -> Result<HttpResponse, ConnectorError> {
        let call = &self.call;
        let mut response = match self.time(stopwatch, self.inner.call(request)).await {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                call.record_response(None, None);
                return Err(error);
            }
            None => {
                call.record_timeout();
                return Err(self.out_of_time());
            }
        };
        let succeeded = response.status().is_success();
        let request_id = request_id(&response);
        let length = response.headers().get("content-length").and_then(|length| length.parse().ok());
        let largest = call.context.transport.memory.largest_answer();
        let limit = if succeeded { BodyLimit::Answer(largest / MEMORY_FACTOR) } else { BodyLimit::Error };
        let read = match length {
            Some(length) if succeeded && length > limit.bytes() => Err(too_large(limit.bytes())),
            _ => self.read(stopwatch, response.take_body(), length, limit).await,
        };
        let (body, mut permit) = match read {
            Ok(read) => read,
            Err(error) => {
                call.record_response(request_id.as_deref(), None);
                return Err(error);
            }
        };
        call.context.limits.silence.on_answer();
        let succeeded = succeeded && !is_error_document(&body);
        if !succeeded && response.status().is_success() {
            // The SDK would take the error for an answer without items.
            *response.status_mut() =
                StatusCode::try_from(400).map_err(|error| ConnectorError::other(error.into(), None))?;
        }
        let refusal = (!succeeded).then(|| AwsError::of_response(&response, &body, call.context.secret()));
        call.record_response(request_id.as_deref(), refusal);
        let selector = call.selector.as_ref().filter(|_| succeeded);
        let rest = match selector {
            None => body,
            Some(selector) => {
                let most = usize::try_from(largest).unwrap_or(usize::MAX);
                let decoded = decode_within(&body, selector, most).map_err(unreadable)?;
                drop(body);
                // Small elements can become rows of many columns, which take more than the body did.
                if !permit.covers(decoded.held as u64) {
                    stopwatch.pause(permit.grow(decoded.held as u64)).await;
                }
                call.put_page(DecodedPage { body: decoded, permit });
                Bytes::new()
            }
        };
        response.headers_mut().remove("content-length");
        *response.body_mut() = SdkBody::from(rest);
        Ok(response)
    }

    /// Awaits AWS, within the time of the attempt and of the limit of silence. Waiting for memory is not waiting for AWS, so
    /// it counts against neither limit nor the account's time budget.
    async fn time<T>(&self, stopwatch: &Stopwatch, future: impl Future<Output = T>) -> Option<T> {
        let CallLimits { time_budget, silence, .. } = &self.call.context.limits;
        let _timers = (time_budget.start_timer(), silence.start_wait());
        stopwatch.time(future, || silence.left()).await
    }

    fn out_of_time(&self) -> ConnectorError {
        match self.call.context.limits.silence.error() {
            // It is not retried.
            Some(silent) => ConnectorError::user(silent.into()),
            None => ConnectorError::timeout("no answer within the call's time".into()),
        }
    }

    /// Reads a body as memory is granted for it. The wait for memory does not count as the call's time.
    async fn read(
        &self,
        stopwatch: &mut Stopwatch,
        mut body: SdkBody,
        length: Option<u64>,
        limit: BodyLimit,
    ) -> Result<(Bytes, MemoryPermit), ConnectorError> {
        let memory = &self.call.context.transport.memory;
        let most = limit.bytes();
        let mut permit = stopwatch.pause(memory.acquire(length.map(|length| MEMORY_FACTOR * length.min(most)))).await;
        let mut bytes =
            BytesMut::with_capacity(usize::try_from(length.unwrap_or(0).min(most).min(8 << 20)).unwrap_or(0));
        loop {
            let frame = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context));
            match self.time(stopwatch, frame).await {
                None => return Err(self.out_of_time()),
                Some(None) => break,
                // Of an error, the first part says what it is.
                Some(Some(Err(_))) if limit == BodyLimit::Error => return Ok((bytes.freeze(), permit)),
                Some(Some(Err(error))) => return Err(ConnectorError::io(error)),
                Some(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let left = usize::try_from(most - bytes.len() as u64).unwrap_or(usize::MAX);
                    if data.len() > left && limit != BodyLimit::Error {
                        return Err(too_large(most));
                    }
                    let data = data.slice(..data.len().min(left));
                    let now = bytes.len() as u64 + data.len() as u64;
                    if !permit.covers(MEMORY_FACTOR * now) {
                        stopwatch.pause(permit.grow(MEMORY_FACTOR * now)).await;
                    }
                    bytes.extend_from_slice(&data);
                    if now == most && limit == BodyLimit::Error {
                        break;
                    }
                }
            }
        }
        if length.is_some_and(|length| (bytes.len() as u64) < length.min(most)) {
            return Err(unreadable(DecodeError("it was cut before its end".into())));
        }
        Ok((bytes.freeze(), permit))
    }
}

/// How much of a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyLimit {
    /// An answer of more bytes is refused.
    Answer(u64),
    /// Of an error, the first part says what it is. The rest is left.
    Error,
}

impl BodyLimit {
    fn bytes(self) -> u64 {
        match self {
            Self::Answer(bytes) => bytes,
            Self::Error => MAX_ERROR_BYTES,
        }
    }
}

/// An unreadable response is retried, like a broken connection.
fn unreadable(error: DecodeError) -> ConnectorError {
    ConnectorError::io(error.into())
}

/// A response that is too large is so again: it is not retried.
fn too_large(limit: u64) -> ConnectorError {
    let error =
        DecodeError(format!("it is larger than {limit} bytes, the most that ROLECALL_BODY_MEMORY lets one have"));
    ConnectorError::other(error.into(), None)
}

fn request_id(response: &HttpResponse) -> Option<String> {
    let headers = response.headers();
    ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| headers.get(*name)).map(flat_code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::aws::error::AwsErrorKind;
    use crate::aws::transport::{
        AdaptiveConcurrencyLimit, CallContext, Priority, PrioritySemaphore, RateLimiter, SilenceLimit, TimeBudget,
    };
    use crate::settings::Settings;

    /// What the network does with a request.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Network {
        Answers(u16),
        Breaks,
        Hangs,
        Panics,
    }

    impl HttpConnector for Network {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let network = *self;
            HttpConnectorFuture::new(async move {
                match network {
                    Self::Answers(status) => {
                        let status = StatusCode::try_from(status).expect("a status");
                        let body = "<Error><Code>Throttling</Code><Message>slow s3cret down</Message></Error>";
                        let mut response = HttpResponse::new(status, SdkBody::from(body));
                        response.headers_mut().insert("x-amzn-requestid", "request-1");
                        Ok(response)
                    }
                    Self::Breaks => Err(ConnectorError::io("the connection broke".into())),
                    Self::Hangs => std::future::pending().await,
                    Self::Panics => panic!("the network panics"),
                }
            })
        }
    }

    fn context() -> Arc<CallContext> {
        let unused =
            aws_smithy_runtime_api::client::http::http_client_fn(|_, _| SharedHttpConnector::new(Network::Hangs));
        let limits = CallLimits {
            account_id: "111122223333".into(),
            rate_limiter: Arc::new(RateLimiter::new(1000.0, 1000.0)),
            account_limit: Arc::new(AdaptiveConcurrencyLimit::new(1)),
            region_limit: PrioritySemaphore::new(1),
            time_budget: TimeBudget::new(Duration::MAX),
            silence: SilenceLimit::new(Duration::MAX),
            priority: Priority::Normal,
        };
        let transport =
            Transport::new(SharedHttpClient::new(unused), &Settings { in_flight: 1, ..Settings::default() });
        transport.call_context(limits, Some("s3cret".into()))
    }

    /// One call with one attempt, or with none.
    async fn call(context: Arc<CallContext>, network: Option<Network>) -> Result<u16, AwsError> {
        let request = async move {
            let Some(network) = network else { return Ok(0) };
            let connector = MeteredConnector(SharedHttpConnector::new(network));
            let response = connector.call(HttpRequest::new(SdkBody::empty())).await;
            let response = response.map_err(|error| AwsError::new(AwsErrorKind::Unreachable, error.to_string()))?;
            match response.status().as_u16() {
                200 => Ok(200),
                status => Err(AwsError::new(AwsErrorKind::Other, format!("HTTP status {status}"))),
            }
        };
        context.call("ec2:DescribeVpcs", request).await
    }

    fn assert_all_released(context: &CallContext, case: &str) {
        let CallLimits { region_limit, account_limit, .. } = &context.limits;
        let taken = [region_limit.taken(), account_limit.taken(), context.transport.in_flight.taken()];
        assert_eq!(taken, [0; 3], "{case}");
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_released_however_a_call_ends() {
        let context = context();
        for network in [None, Some(Network::Answers(200)), Some(Network::Answers(503)), Some(Network::Breaks)] {
            let _ = call(context.clone(), network).await;
            assert_all_released(&context, &format!("{network:?}"));
        }
        let error = call(context.clone(), Some(Network::Hangs)).await.expect_err("it times out");
        assert_eq!(error.kind, AwsErrorKind::Unreachable);
        assert_all_released(&context, "timed out");
        let ended = tokio::time::timeout(Duration::from_secs(1), call(context.clone(), Some(Network::Hangs))).await;
        assert!(ended.is_err(), "dropped in flight");
        assert_all_released(&context, "dropped in flight");
        let ended = tokio::spawn(call(context.clone(), Some(Network::Panics))).await;
        assert!(ended.is_err_and(|error| error.is_panic()));
        assert_all_released(&context, "panicked");
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_released_by_calls_that_are_dropped_before_their_first_attempt() {
        let context = context();
        let held = context.open("ec2:DescribeVpcs", None);
        held.acquire_permits().await;
        let waits = tokio::time::timeout(Duration::from_secs(1), call(context.clone(), None)).await;
        assert!(waits.is_err(), "dropped while it waits for its permits");
        let signing = held.send(std::future::pending::<Result<(), AwsError>>());
        let ended = tokio::time::timeout(Duration::from_secs(1), signing).await;
        assert!(ended.is_err(), "dropped while it is signed");
        drop(held);
        assert_all_released(&context, "dropped before the first attempt");
    }

    #[tokio::test(start_paused = true)]
    async fn errors_are_completed_from_the_transport_and_without_the_secret() {
        let error = call(context(), Some(Network::Answers(503))).await.expect_err("it is refused");
        assert_eq!(error.kind, AwsErrorKind::Throttled);
        assert_eq!(error.to_string(), "Throttling: slow (external id) down (request id request-1)");
    }

    #[tokio::test]
    async fn requests_outside_of_a_call_are_refused() {
        let connector = MeteredConnector(SharedHttpConnector::new(Network::Answers(200)));
        assert!(connector.call(HttpRequest::new(SdkBody::empty())).await.is_err());
    }
}
