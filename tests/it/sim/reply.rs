//! HTTP responses and their delivery: whole, cut, byte by byte, or not at all.

use bytes::Bytes;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The way in which a response is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Delivery {
    Whole,
    Cut,
    CutWithoutLength,
    Drip(Duration),
    Hang,
    Reset,
}

/// An HTTP response and the way to deliver it.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    pub delivery: Delivery,
    /// The content-length of a body that is not sent, for `HEAD`.
    pub length: Option<usize>,
}

impl Reply {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: body.into(), delivery: Delivery::Whole, length: None }
    }

    /// Returns status 200 with XML.
    pub(super) fn xml(body: String) -> Self {
        Self::new(200, "text/xml;charset=UTF-8", body)
    }

    /// Returns a response without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), delivery: Delivery::Whole, length: None }
    }

    /// Returns no response: the connection hangs or is reset.
    pub(super) fn none(delivery: Delivery) -> Self {
        Self { delivery, ..Self::empty(0) }
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends the response. Returns false if the connection is closed.
    pub(super) async fn deliver(self, stream: &mut TcpStream, chunked: bool) -> io::Result<bool> {
        let body_less = self.length.is_some() || self.status == 204;
        let half = self.body.slice(..self.body.len() / 2);
        match self.delivery {
            Delivery::Hang => return hang(stream).await,
            Delivery::Reset => return reset(stream),
            Delivery::Cut => {
                stream.write_all(&[self.head(Length::Declared).as_bytes(), &half].concat()).await?;
                return close(stream).await;
            }
            Delivery::CutWithoutLength => {
                stream.write_all(&[self.head(Length::Close).as_bytes(), &half].concat()).await?;
                return close(stream).await;
            }
            Delivery::Drip(every) => {
                stream.write_all(self.head(Length::Declared).as_bytes()).await?;
                for byte in self.body.iter() {
                    tokio::time::sleep(every).await;
                    stream.write_all(&[*byte]).await?;
                }
            }
            Delivery::Whole if chunked && !body_less && !self.body.is_empty() => {
                stream.write_all(self.head(Length::Chunked).as_bytes()).await?;
                for chunk in self.body.chunks(16 << 10) {
                    let size = format!("{:x}\r\n", chunk.len());
                    stream.write_all(&[size.as_bytes(), chunk, b"\r\n"].concat()).await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
            Delivery::Whole => {
                let mut out = self.head(Length::Declared).into_bytes();
                if self.body.len() <= 64 << 10 {
                    out.extend_from_slice(&self.body);
                    stream.write_all(&out).await?;
                } else {
                    stream.write_all(&out).await?;
                    stream.write_all(&self.body).await?;
                }
            }
        }
        Ok(!self.headers.iter().any(|(name, value)| *name == "connection" && value == "close"))
    }

    fn head(&self, length: Length) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match length {
            Length::Declared if self.status == 204 => {}
            Length::Declared => {
                let bytes = self.length.unwrap_or(self.body.len());
                head.push_str(&format!("content-length: {bytes}\r\n"));
            }
            Length::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
            Length::Close => head.push_str("connection: close\r\n"),
        }
        head.push_str("\r\n");
        head
    }
}

#[derive(Clone, Copy)]
enum Length {
    Declared,
    Chunked,
    Close,
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        412 => "Precondition Failed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

/// Sends nothing until the client closes the connection.
async fn hang(stream: &mut TcpStream) -> io::Result<bool> {
    let mut sink = [0_u8; 1024];
    while stream.read(&mut sink).await? > 0 {}
    Ok(false)
}

/// Closes the connection with an RST.
fn reset(stream: &mut TcpStream) -> io::Result<bool> {
    stream.set_zero_linger()?;
    Ok(false)
}

/// Closes the connection with a FIN.
async fn close(stream: &mut TcpStream) -> io::Result<bool> {
    stream.shutdown().await?;
    Ok(false)
}
