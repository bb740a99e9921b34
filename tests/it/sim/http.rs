//! The HTTP/1.1 server: accepts connections, reads requests and keeps connections alive. Malformed requests get a 400.
//! Connections, heads and bodies are limited.
//!
//! **Invariant:** knows no AWS service.

use super::dispatch;
use super::reply::Reply;
use super::state::{State, lock};
use bytes::{Bytes, BytesMut};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

const MAX_CONNECTIONS: usize = 8192;
const MAX_HEAD: usize = 64 << 10;
const MAX_BODY: usize = 256 << 20;

/// A complete HTTP request.
pub(super) struct Request {
    pub method: String,
    /// The path as it was sent, percent-encoded.
    pub path: String,
    /// The decoded pairs of the query.
    pub query: Vec<(String, String)>,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// The head as it was sent, byte for byte.
    pub head: Bytes,
}

impl Request {
    /// Returns a header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns a query parameter's value.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Accepts connections until the runtime stops.
pub(super) async fn listen(state: Arc<State>, listener: TcpListener) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let _permit = permit;
            lock(&state.counters).connection_opened();
            let _ = serve(&state, stream).await;
            lock(&state.counters).connection_closed();
        });
    }
}

async fn serve(state: &Arc<State>, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = BytesMut::with_capacity(8 << 10);
    loop {
        let request = match read(&mut stream, &mut buffer).await? {
            Read::Request(request) => request,
            Read::Closed => return Ok(()),
            Read::Malformed(status, why) => {
                let reply = Reply::new(status, "text/plain", why).header("connection", "close".to_owned());
                reply.deliver(&mut stream, false).await?;
                return Ok(());
            }
        };
        let closes = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let (reply, _in_flight) = dispatch::answer(state, request).await;
        if !reply.deliver(&mut stream, state.world().chunked).await? || closes {
            return Ok(());
        }
    }
}

enum Read {
    Request(Request),
    Closed,
    Malformed(u16, &'static str),
}

async fn read(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Read> {
    let (mut request, length) = loop {
        match head(buffer) {
            Head::Whole(request, length) => break (request, length),
            Head::Malformed(status, why) => return Ok(Read::Malformed(status, why)),
            Head::Partial if buffer.len() > MAX_HEAD => return Ok(Read::Malformed(431, "head too large")),
            Head::Partial => {}
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(Read::Closed);
        }
    };
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    buffer.reserve(length.saturating_sub(buffer.len()));
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(Read::Closed);
        }
    }
    request.body = buffer.split_to(length).freeze();
    Ok(Read::Request(request))
}

enum Head {
    Whole(Request, usize),
    Partial,
    Malformed(u16, &'static str),
}

fn head(buffer: &mut BytesMut) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; 96];
    let mut parsed = httparse::Request::new(&mut headers);
    let end = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Head::Partial,
        Err(_) => return Head::Malformed(400, "this is no HTTP request"),
    };
    let (path, query) = parsed.path.unwrap_or("/").split_once('?').unwrap_or((parsed.path.unwrap_or("/"), ""));
    let header = |h: &httparse::Header| {
        let value = String::from_utf8_lossy(h.value).trim().to_owned();
        (h.name.to_ascii_lowercase(), value)
    };
    let request = Request {
        method: parsed.method.unwrap_or("").to_owned(),
        path: path.to_owned(),
        query: pairs(query),
        headers: parsed.headers.iter().map(header).collect(),
        body: Bytes::new(),
        head: Bytes::new(),
    };
    let request = Request { head: buffer.split_to(end).freeze(), ..request };
    if request.header("transfer-encoding").is_some() {
        return Head::Malformed(411, "a request needs a content-length");
    }
    match request.header("content-length").map(str::parse::<usize>) {
        None => Head::Whole(request, 0),
        Some(Ok(length)) if length <= MAX_BODY => Head::Whole(request, length),
        Some(Ok(_)) => Head::Malformed(413, "body too large"),
        Some(Err(_)) => Head::Malformed(400, "content-length is no number"),
    }
}

/// Parses the pairs of a query or a form.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name, true), decode(value, true))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Percent-decodes text. Invalid escapes stay as they are.
pub(super) fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        out.push(match (byte, digit(at), digit(at + 1)) {
            (b'%', Some(high), Some(low)) => {
                at += 2;
                (high * 16 + low) as u8
            }
            (b'+', _, _) if plus_is_space => b' ',
            _ => byte,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}
