//! The HTTP client that the SDK is given: every attempt passes here, on its way out and back.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http_body::Body;
use tokio::time::Instant;

use super::call_context::{CallContext, DecodedPage};
use super::{MemoryPermit, Transport};
use crate::aws::error::{AwsError, AwsErrorKind, of_body};
use crate::decode::{DecodeError, decode};

/// An answer is held as it came, and as rows until they are written, which take somewhat more: so many times its length.
const MEMORY_FACTOR: u64 = 2;
/// The most that is read of an error answer, in bytes.
const MAX_ERROR_BYTES: u64 = 1 << 20;

tokio::task_local! {
    /// What the call that goes on in this task is made with. Clients serve many calls, and a client's connector is told
    /// nothing of whose call it carries.
    static CURRENT_CALL: Arc<CallContext>;
}

/// Delegates to the one HTTP client. Its `validate` methods stay the trait's empty ones: the inner
/// client's would set up TLS for every client that is made, and throw it away.
#[derive(Debug)]
struct MeteredHttpClient(SharedHttpClient);

impl Transport {
    /// The HTTP client to give to the SDK's clients: their calls go through [`CallContext::calling`].
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(MeteredHttpClient(self.http.clone()))
    }
}

impl CallContext {
    /// Makes a call with this ticket.
    pub async fn calling<T>(self: &Arc<Self>, call: impl Future<Output = T>) -> T {
        CURRENT_CALL.scope(self.clone(), call).await
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
        let Ok(ticket) = CURRENT_CALL.try_with(Arc::clone) else {
            return HttpConnectorFuture::ready(Err(ConnectorError::user("a call without a ticket".into())));
        };
        HttpConnectorFuture::new(async move { Attempt { inner, ticket }.make(request).await })
    }
}

/// One attempt at a call.
struct Attempt {
    inner: SharedHttpConnector,
    ticket: Arc<CallContext>,
}

impl Attempt {
    async fn make(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let ticket = &self.ticket;
        let Some((_held, timeout)) = ticket.begin_attempt().await else { return Err(no_time_left()) };
        let mut stopwatch = Stopwatch::start(timeout);
        let answered = self.answer(request, &mut stopwatch).await;
        let (aws, memory) = stopwatch.times();
        ticket.record_times(aws, memory);
        answered
    }

    /// Sends the request and reads the answer; what is wanted of it becomes rows.
    async fn answer(&self, request: HttpRequest, stopwatch: &mut Stopwatch) -> Result<HttpResponse, ConnectorError> {
        let ticket = &self.ticket;
        let running = ticket.limits.time_budget.start_timer();
        let mut response = match stopwatch.time(self.inner.call(request)).await {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                ticket.record_response(None, None);
                return Err(error);
            }
            None => {
                ticket.record_timeout();
                return Err(out_of_time());
            }
        };
        let status = response.status().as_u16();
        let succeeded = response.status().is_success();
        let request_id = request_id(&response);
        let length = response.headers().get("content-length").and_then(|length| length.parse().ok());
        let wanted = if succeeded { ticket.wanted() } else { None };
        let limit = if succeeded { u64::MAX } else { MAX_ERROR_BYTES };
        // What waits for memory does not wait for AWS, so the account's clock stands meanwhile.
        drop(running);
        let (body, grant) = match self.read(stopwatch, response.take_body(), length, limit).await {
            Ok(read) => read,
            Err(error) => {
                ticket.record_response(request_id.as_deref(), None);
                return Err(error);
            }
        };
        ticket.record_response(request_id.as_deref(), (!succeeded).then(|| of_body(status, &body)));
        let rest = match wanted {
            None => body,
            Some(wanted) => {
                let mut answer = decode(&body, &wanted).map_err(unreadable)?;
                let skeleton = Bytes::from(std::mem::take(&mut answer.skeleton));
                ticket.put_page(DecodedPage { answer, grant });
                skeleton
            }
        };
        response.headers_mut().remove("content-length");
        *response.body_mut() = SdkBody::from(rest);
        Ok(response)
    }

    /// Reads a body as its bytes are granted; the time that it waits for them is not the call's.
    async fn read(
        &self,
        stopwatch: &mut Stopwatch,
        mut body: SdkBody,
        length: Option<u64>,
        limit: u64,
    ) -> Result<(Bytes, MemoryPermit), ConnectorError> {
        let memory = &self.ticket.transport.memory;
        let mut grant = stopwatch.pause(memory.acquire(length.map(|length| MEMORY_FACTOR * length.min(limit)))).await;
        let mut bytes =
            BytesMut::with_capacity(usize::try_from(length.unwrap_or(0).min(limit).min(8 << 20)).unwrap_or(0));
        loop {
            let frame = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context));
            let running = self.ticket.limits.time_budget.start_timer();
            let frame = stopwatch.time(frame).await;
            drop(running);
            match frame {
                None => return Err(out_of_time()),
                Some(None) => break,
                Some(Some(Err(error))) => return Err(ConnectorError::io(error)),
                Some(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let now = bytes.len() as u64 + data.len() as u64;
                    if now > limit {
                        break;
                    }
                    if !grant.covers(MEMORY_FACTOR * now) {
                        stopwatch.pause(grant.grow(MEMORY_FACTOR * now)).await;
                    }
                    bytes.extend_from_slice(&data);
                }
            }
        }
        if length.is_some_and(|length| (bytes.len() as u64) < length.min(limit)) {
            return Err(unreadable(DecodeError("it was cut before its end".into())));
        }
        Ok((bytes.freeze(), grant))
    }
}

/// An attempt's time, which can be paused.
struct Stopwatch {
    began: Instant,
    deadline: Instant,
    paused: Duration,
}

impl Stopwatch {
    fn start(timeout: Duration) -> Self {
        let began = Instant::now();
        Self { began, deadline: began + timeout, paused: Duration::ZERO }
    }

    /// How long it ran, and how long it stood.
    fn times(&self) -> (Duration, Duration) {
        (self.began.elapsed().saturating_sub(self.paused), self.paused)
    }

    /// `None` where the time ran out first.
    async fn time<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.deadline, future).await.ok()
    }

    async fn pause<T>(&mut self, future: impl Future<Output = T>) -> T {
        let since = Instant::now();
        let value = future.await;
        let stood = since.elapsed();
        self.deadline += stood;
        self.paused += stood;
        value
    }
}

/// All attempts together have taken what a call may take: this one is not made, nor any other.
fn no_time_left() -> ConnectorError {
    ConnectorError::user(
        AwsError::new(AwsErrorKind::OutOfTime, "no answer within the time of all the call's attempts").into(),
    )
}

fn out_of_time() -> ConnectorError {
    ConnectorError::timeout("no answer within the call's time".into())
}

/// An answer that cannot be read is asked for again, like a connection that broke.
fn unreadable(error: DecodeError) -> ConnectorError {
    ConnectorError::io(error.into())
}

fn request_id(response: &HttpResponse) -> Option<String> {
    let headers = response.headers();
    ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| headers.get(*name)).map(str::to_owned)
}
