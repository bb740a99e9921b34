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

use super::Grant;
use super::ticket::{Taken, Ticket};
use crate::failure::of_body;
use crate::transcode::{Unreadable, transcode};

/// The most that is read of an error answer, in bytes.
const LONGEST_ERROR: u64 = 1 << 20;

/// Delegates to the one HTTP client. Its `validate` methods stay the trait's empty ones: the inner
/// client's would set up TLS for every client that is made, and throw it away.
#[derive(Debug)]
struct Gate {
    inner: SharedHttpClient,
    ticket: Arc<Ticket>,
}

impl Ticket {
    /// The HTTP client to give to the SDK's client for this cell.
    pub fn http_client(self: &Arc<Self>) -> SharedHttpClient {
        SharedHttpClient::new(Gate { inner: self.wire.http.clone(), ticket: self.clone() })
    }
}

impl HttpClient for Gate {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GatedConnector { inner, ticket: self.ticket.clone() })
    }
}

#[derive(Clone, Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    ticket: Arc<Ticket>,
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.attempt(request).await })
    }
}

impl GatedConnector {
    async fn attempt(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let ticket = &self.ticket;
        let _slot = ticket.admit().await;
        let mut stopwatch = Stopwatch::start(ticket.wire.call_timeout);
        let running = ticket.clock.run();
        let outcome = stopwatch.time(self.inner.call(request)).await;
        let mut response = match outcome {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                ticket.answered(None, None);
                return Err(error);
            }
            None => {
                ticket.answered(None, None);
                return Err(out_of_time());
            }
        };
        let status = response.status().as_u16();
        let succeeded = response.status().is_success();
        let request_id = request_id(&response);
        let length = response.headers().get("content-length").and_then(|length| length.parse().ok());
        let wanted = if succeeded { ticket.wanted() } else { None };
        let limit = if succeeded { u64::MAX } else { LONGEST_ERROR };
        // What waits for memory does not wait for AWS, so the account's clock stands meanwhile.
        drop(running);
        let read = self.read(&mut stopwatch, response.take_body(), length, limit).await;
        let (body, grant) = match read {
            Ok(read) => read,
            Err(error) => {
                ticket.answered(request_id.as_deref(), None);
                return Err(error);
            }
        };
        ticket.answered(request_id.as_deref(), (!succeeded).then(|| of_body(status, &body)));
        let rest = match wanted {
            None => body,
            Some(wanted) => {
                let mut answer = transcode(&body, &wanted).map_err(unreadable)?;
                let skeleton = Bytes::from(std::mem::take(&mut answer.skeleton));
                ticket.put(Taken { answer, grant });
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
    ) -> Result<(Bytes, Grant), ConnectorError> {
        let memory = &self.ticket.wire.memory;
        let mut grant = stopwatch.pause(memory.grant(length.map(|length| length.min(limit)))).await;
        let mut bytes =
            BytesMut::with_capacity(usize::try_from(length.unwrap_or(0).min(limit).min(8 << 20)).unwrap_or(0));
        loop {
            let frame = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context));
            let running = self.ticket.clock.run();
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
                    if !grant.covers(now) {
                        stopwatch.pause(grant.grow(now)).await;
                    }
                    bytes.extend_from_slice(&data);
                }
            }
        }
        if length.is_some_and(|length| (bytes.len() as u64) < length.min(limit)) {
            return Err(unreadable(Unreadable("it was cut before its end".into())));
        }
        Ok((bytes.freeze(), grant))
    }
}

/// An attempt's time, which can be paused.
struct Stopwatch {
    deadline: Instant,
}

impl Stopwatch {
    fn start(timeout: Duration) -> Self {
        Self { deadline: Instant::now() + timeout }
    }

    /// `None` where the time ran out first.
    async fn time<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.deadline, future).await.ok()
    }

    async fn pause<T>(&mut self, future: impl Future<Output = T>) -> T {
        let since = Instant::now();
        let value = future.await;
        self.deadline += since.elapsed();
        value
    }
}

fn out_of_time() -> ConnectorError {
    ConnectorError::timeout("no answer within the call's time".into())
}

/// An answer that cannot be read is asked for again, like a connection that broke.
fn unreadable(error: Unreadable) -> ConnectorError {
    ConnectorError::io(error.into())
}

fn request_id(response: &HttpResponse) -> Option<String> {
    let headers = response.headers();
    ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| headers.get(*name)).map(str::to_owned)
}
