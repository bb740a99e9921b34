//! A raw HTTP client on a blocking socket. It opens a connection for each call and returns responses unchanged.

use crate::sim::{Sim, external_id};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Credentials, an address and a region.
#[derive(Clone)]
pub(super) struct Client {
    pub address: String,
    pub key: String,
    pub token: Option<String>,
    pub region: String,
}

/// A response as it was received.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the text of the first element of this name.
    pub(super) fn element(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// Returns the texts of all elements of this name.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        crate::sim::xml::texts(&self.text(), name)
    }

    pub(super) fn code(&self) -> String {
        self.element("Code").unwrap_or_default()
    }

    pub(super) fn content_length(&self) -> Option<usize> {
        let line = self.head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        line.trim().parse().ok()
    }
}

impl Client {
    /// Returns a client with the credentials of an account's root.
    pub(super) fn root(sim: &Sim, account: &str) -> Self {
        let address = sim.endpoint().replace("http://", "");
        Self { address, key: account.to_owned(), token: None, region: "us-east-1".to_owned() }
    }

    pub(super) fn region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    pub(super) fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        let credential = format!("{}/20260304/{}/{service}/aws4_request", self.key, self.region);
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        head.push_str(&format!("authorization: AWS4-HMAC-SHA256 Credential={credential}, Signature=0\r\n"));
        head.push_str(&format!("content-length: {}\r\n", body.len()));
        if let Some(token) = &self.token {
            head.push_str(&format!("x-amz-security-token: {token}\r\n"));
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        stream.write_all(&[head.as_bytes(), b"\r\n", body].concat())?;
        let mut out = Vec::new();
        stream.read_to_end(&mut out)?;
        let end = out.windows(4).position(|w| w == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&out[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Answer { status, head, body: out[end + 4..].to_vec() })
    }

    /// Makes a call of the query protocol. `form` is already encoded.
    pub(super) fn query(&self, service: &str, version: &str, action: &str, form: &str) -> io::Result<Answer> {
        let body = format!("Action={action}&Version={version}&{form}");
        self.send(service, "POST", "/", &[], body.as_bytes())
    }

    pub(super) fn try_ec2(&self, action: &str, form: &str) -> io::Result<Answer> {
        self.query("ec2", "2016-11-15", action, form)
    }

    pub(super) fn ec2(&self, action: &str, form: &str) -> Answer {
        self.try_ec2(action, form).expect("an answer")
    }

    pub(super) fn sts(&self, action: &str, form: &str) -> Answer {
        self.query("sts", "2011-06-15", action, form).expect("an answer")
    }

    pub(super) fn get(&self, service: &str, path: &str) -> Answer {
        self.send(service, "GET", path, &[], b"").expect("an answer")
    }

    /// Assumes the inventory role with the correct external ID and the parameters of `form`.
    pub(super) fn assume(&self, account: &str, form: &str) -> Answer {
        let arn = format!("arn:aws:iam::{account}:role/rolecall-inventory");
        self.sts("AssumeRole", &format!("RoleArn={arn}&RoleSessionName=test&ExternalId={}{form}", external_id(account)))
    }

    /// Returns a client with a session of an account's inventory role.
    pub(super) fn session(&self, account: &str, form: &str) -> Self {
        let answer = self.assume(account, form);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let key = answer.element("AccessKeyId").expect("a key");
        Self { key, token: answer.element("SessionToken"), ..self.clone() }
    }
}

/// Percent-encodes all characters but letters and digits.
pub(super) fn encode(text: &str) -> String {
    let one = |b: u8| {
        if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    text.bytes().map(one).collect()
}
